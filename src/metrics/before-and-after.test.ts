import { describe, expect, it } from 'vitest';
import { beforeAndAfter } from './before-and-after.js';

const labels = Uint8Array.of(0, 0, 1, 1, 2, 2);
const answers = (...predictions: number[]) => ({ labels, predictions: Uint8Array.from(predictions) });

describe('images before and after a merge', () => {
  const own = [answers(0, 1, 1, 0, 0, 2), answers(0, 1, 2, 0, 0, 2)];
  const merged = answers(0, 0, 1, 1, 0, 1);

  it('are counted by how many own models know them', () => {
    const { kept, missed } = beforeAndAfter(own, merged);
    expect(kept).toEqual([2, 1, 1]);
    expect(missed).toEqual([1, 0, 1]);
  });

  it('are named where the merge decided: first those on which most were of the other opinion', () => {
    const { gained, lost } = beforeAndAfter(own, merged);
    expect(gained).toEqual([
      { index: 1, label: 0, own: [1, 1], merged: 0 },
      { index: 3, label: 1, own: [0, 0], merged: 1 },
      { index: 2, label: 1, own: [1, 2], merged: 1 },
    ]);
    expect(lost).toEqual([{ index: 5, label: 2, own: [2, 2], merged: 1 }]);
  });

  it('are of as many classes as there are, at most twelve of a kind', () => {
    const many = Uint8Array.from({ length: 60 }, (_, i) => (i < 50 ? 0 : i - 49));
    const wrong = { labels: many, predictions: new Uint8Array(60).fill(99) };
    const { gained } = beforeAndAfter([wrong], { labels: many, predictions: many });
    expect(gained).toHaveLength(12);
    expect(new Set(gained.map(({ label }) => label)).size).toBe(11);
  });
});
