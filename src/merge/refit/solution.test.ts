import { describe, expect, it } from 'vitest';
import { randomStream } from '../../base/random.js';
import { alphaMixes, leastLoss, packSolution, scaleMixes, unpackSolution } from './solution.js';

const layer = { weight: { offset: 0 }, bias: { offset: 12 }, features: 4, classes: 3 };

describe('the solution of a refit', () => {
  it('travels without the loss of a bit', () => {
    const random = randomStream(3, 'solution');
    const solution = Float64Array.from({ length: 15 }, (_, i) => random.normal() * 10 ** (i - 7));
    expect(unpackSolution(packSolution(layer, solution))).toEqual(solution);
  });

  it('is scaled and mixed by the least loss of all, the first where several have it', () => {
    const losses = scaleMixes.map(({ scale }) => Math.abs(scale - 9));
    expect(leastLoss(scaleMixes, [losses, losses])).toEqual({ scale: 8, alpha: 1 });
    expect(leastLoss(alphaMixes(8), [[3, 1, 1, 2, 2]])).toEqual({ scale: 8, alpha: 0.25 });
    // One participant's loss may outweigh another's gain.
    expect(
      leastLoss(alphaMixes(8), [
        [0, 1, 9, 9, 9],
        [9, 9, 0, 9, 9],
      ]),
    ).toMatchObject({ alpha: 0 });
  });
});
