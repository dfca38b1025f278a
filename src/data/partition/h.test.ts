import { describe, expect, it } from 'vitest';
import { randomStream } from '../../base/random.js';
import { h } from './h.js';

const labels = Uint8Array.from({ length: 50 }, (_, index) => (index * 3) % 10);

function classesOf(participants: number, of: Uint8Array = labels): string[] {
  return h()
    .split(of, 10, participants, randomStream(0))
    .map((list) => [...new Set([...list].map((index) => of[index]!))].sort((a, b) => a - b).join(''));
}

describe('the H-environment', () => {
  it('deals the classes out in contiguous groups, as even as possible', () => {
    expect(classesOf(2)).toEqual(['01234', '56789']);
    expect(classesOf(3)).toEqual(['0123', '456', '789']);
    expect(classesOf(10)).toEqual([...'0123456789']);
    expect(classesOf(1)).toEqual(['0123456789']);
  });

  it('leaves classes without examples out', () => {
    expect(classesOf(2, Uint8Array.of(1, 2, 3, 9))).toEqual(['12', '39']);
  });

  it('refuses more participants than classes', () => {
    expect(() => classesOf(11)).toThrow(
      'partition: h deals out whole categories: 11 participants, but only 10 categories',
    );
  });
});
