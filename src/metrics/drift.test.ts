import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { driftOf } from './drift.js';

const noTurn = async () => {};
/** In pieces of two values. */
async function* inPieces(states: readonly Float32Array[], bases: readonly Float32Array[]) {
  const size = states[0]?.length ?? 0;
  for (let at = 0; at < size; at += 2) {
    const piece = (values: Float32Array) => values.subarray(at, at + 2);
    yield { states: states.map(piece), bases: bases.map(piece) };
  }
}
const vector = (...numbers: number[]) => Float32Array.from(numbers);

describe('the drift of a round', () => {
  it('is the norm of every update and the cosine of every pair', async () => {
    const base = vector(1, 1);
    const updates = [vector(4, 5), vector(1, 3), vector(-2, -3)];
    expect(await driftOf(inPieces(updates, [base, base, base]), noTurn)).toEqual({
      norms: [5, 2, 5],
      cosines: [
        [1, 0.8, -1],
        [0.8, 1, -0.8],
        [-1, -0.8, 1],
      ],
    });
  });

  it('is measured from what each of them began with', async () => {
    const bases = [vector(0, 0), vector(0, 4)];
    const { norms, cosines } = await driftOf(inPieces([vector(2, 0), vector(0, 7)], bases), noTurn);
    expect(norms).toEqual([2, 3]);
    expect(cosines[0]![1]).toBe(0);
  });

  it('is without direction for who did not move', async () => {
    const base = vector(1, 2);
    expect(await driftOf(inPieces([base, vector(2, 2)], [base, base]), noTurn)).toEqual({
      norms: [0, 1],
      cosines: [
        [1, 0],
        [0, 1],
      ],
    });
  });

  it('has a symmetric matrix of cosines from −1 to 1, whatever the updates', async () => {
    const updates = fc.array(
      fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 4, maxLength: 4 }),
      {
        minLength: 2,
        maxLength: 5,
      },
    );
    await fc.assert(
      fc.asyncProperty(updates, async (lists) => {
        const states = lists.map((list) => Float32Array.from(list));
        const bases = states.map(() => new Float32Array(4));
        const { cosines } = await driftOf(inPieces(states, bases), noTurn);
        cosines.forEach((row, i) => {
          row.forEach((cosine, j) => {
            expect(cosine).toBe(cosines[j]![i]);
            expect(Math.abs(cosine)).toBeLessThanOrEqual(1);
          });
        });
      }),
    );
  });
});
