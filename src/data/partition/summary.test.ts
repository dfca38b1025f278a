import { describe, expect, it } from 'vitest';
import { fashionMnistClassNames } from '../images/fashion-mnist-facts.js';
import { partition } from './partition.js';
import { partitionByName } from './partitioners.js';
import { renderShares, summarizeShares } from './summary.js';

function table(name: string, participants: number, classNames = fashionMnistClassNames): string {
  const labels = Uint8Array.from({ length: 60_000 }, (_, index) => index % classNames.length);
  const shares = partition({ groups: labels, count: classNames.length }, partitionByName(name), {
    participants,
    seed: 1,
  });
  return renderShares(summarizeShares(shares, labels, classNames.length), classNames);
}

describe('the table of classes by participant', () => {
  it('shows who holds how much of what', () => {
    expect(`\n${table('h', 2)}\n`).toMatchInlineSnapshot(`
      "
                    T-shi… Trous… Pullo… Dress Coat Sandal Shirt Sneak…  Bag Ankle… train valid.
      environment-1   6000   6000   6000  6000 6000      ·     ·      ·    ·      · 27000   3000
      environment-2      ·      ·      ·     ·    ·   6000  6000   6000 6000   6000 27000   3000
      "
    `);
    expect(`\n${table('dirichlet', 3)}\n`).toMatchInlineSnapshot(`
      "
                    T-shi… Trous… Pullo… Dress Coat Sandal Shirt Sneak…  Bag Ankle… train valid.
      environment-1   1680   3534      8  3552 2138   3178   744   4102  204   4798 21544   2394
      environment-2   2068   1854   5752  1874 1367   1415  2029    297 5785   1035 21128   2348
      environment-3   2252    612    240   574 2495   1407  3227   1601   11    167 11327   1259
      "
    `);
  });

  it.each([2, 5, 10])('fits ten classes and %i participants into 100 columns', (participants) => {
    const lines = table('dirichlet', participants).split('\n');
    expect(lines).toHaveLength(participants + 1);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
  });

  it('goes on below where classes are many, and numbers them where their names are cut alike', () => {
    const classNames = Array.from({ length: 47 }, (_, label) => `character ${label}`);
    const text = table('v', 2, classNames);
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
    expect(text.split('\n\n').length).toBeGreaterThan(1);
    expect(text).toMatch(/ 46\n/);
  });
});
