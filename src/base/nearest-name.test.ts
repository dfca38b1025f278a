import { expect, it } from 'vitest';
import { nearestName } from './nearest-name.js';

it('the nearest name is the one that was meant, or none', () => {
  const known = ['mean', 'max', 'absmax', 'fashion-mnist'];
  expect(nearestName('meen', known)).toBe('mean');
  expect(nearestName('absmx', known)).toBe('absmax');
  expect(nearestName('Fashion_MNIST', known)).toBe('fashion-mnist');
  expect(nearestName('median-of-means', known)).toBeUndefined();
});

it.each([
  ['m', ['F', 'M'], 'M'],
  ['X', ['F', 'M'], undefined],
  ['age2', ['age', 'sex'], 'age'],
  ['3', ['0'], undefined],
  ['11', ['10', '12'], undefined],
] as const)('of "%s" among %j suggests %s', (name, names, expected) => {
  expect(nearestName(name, names)).toBe(expected);
});
