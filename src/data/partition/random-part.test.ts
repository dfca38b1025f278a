import { describe, expect, it } from 'vitest';
import { partition } from './partition.js';
import { shareRandomPart } from './random-part.js';
import { v } from './v.js';

const labels = Uint8Array.from({ length: 1000 }, (_, index) => (index * 7) % 10);
const data = { groups: labels, count: 10 };
const deal = (seed: number, size = 400) =>
  shareRandomPart(data, size, seed, (part) => partition(part, v(), { participants: 3, seed }));
const all = (shares: ReturnType<typeof deal>) =>
  shares.flatMap(({ train, validation }) => [...train, ...validation]).sort((a, b) => a - b);

describe('a random part of a data set', () => {
  it('has so many examples, each dealt out once', () => {
    const places = all(deal(1));
    expect(places).toHaveLength(400);
    expect(new Set(places).size).toBe(400);
    expect(places.at(-1)).toBeGreaterThan(700);
  });

  it('keeps to the labels: every participant of V has its part of every class', () => {
    const counts = (wanted: number) => (index: number) => labels[index] === wanted;
    const whole = all(deal(1));
    for (const { train, validation } of deal(1)) {
      for (let label = 0; label < 10; label++) {
        const mine = [...train, ...validation].filter(counts(label)).length;
        expect(Math.abs(mine - whole.filter(counts(label)).length / 3)).toBeLessThan(1);
      }
    }
  });

  it('is another with another seed, and ascending as shares are', () => {
    expect(all(deal(2))).not.toEqual(all(deal(1)));
    for (const { train } of deal(3)) expect(train).toEqual(train.slice().sort());
  });
});
