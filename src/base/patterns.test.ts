import { describe, expect, it } from 'vitest';
import { idlePattern, matchesAny, nearestToPattern } from './patterns.js';

describe('patterns of names', () => {
  it.each([
    ['conv1.weight', ['conv1.*'], true],
    ['conv10.weight', ['conv1.*'], false],
    ['block.0.bias', ['*.bias'], true],
    ['fc.weight', ['fc.weight'], true],
    ['fcxweight', ['fc.weight'], false],
    ['a', [], false],
    ['a+b', ['a+*'], true],
  ])('"%s" and %j: %s', (name, patterns, matches) => {
    expect(matchesAny(name, patterns)).toBe(matches);
  });

  it('tells which means nothing', () => {
    expect(idlePattern(['conv1.*', 'head.*'], ['conv1.weight'])).toBe('head.*');
    expect(idlePattern(['conv1.*'], ['conv1.weight'])).toBeUndefined();
  });

  it.each([
    ['cnov1.*', 'conv1.weight'],
    ['fc.wieght', 'fc.weight'],
    ['*.biass', 'conv1.bias'],
    ['transformer.*', undefined],
  ])('of those that mean nothing, "%s" is nearest to %s', (pattern, expected) => {
    expect(nearestToPattern(pattern, ['conv1.weight', 'conv1.bias', 'fc.weight'])).toBe(expected);
  });
});
