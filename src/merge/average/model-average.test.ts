import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { averageStep, ema, type ModelAverage, swa } from './model-average.js';

/** The average of these models, one for each round from the first that counts. */
function averageOf(average: ModelAverage, models: readonly Float32Array[]): Float32Array {
  let mean: Float32Array | undefined;
  models.forEach((model, index) => {
    mean = averageStep(average, mean, model, index + 1);
  });
  return mean!;
}

const finite = fc.float({ noNaN: true, min: -100, max: 100 });
const models = fc.array(
  fc.array(finite, { minLength: 3, maxLength: 3 }).map((values) => Float32Array.from(values)),
  { minLength: 1, maxLength: 8 },
);

function expectClose(got: Float32Array, expected: readonly number[], steps: number) {
  got.forEach((value, i) => {
    expect(Math.abs(value - expected[i]!)).toBeLessThanOrEqual(steps * 100 * 2 ** -24);
  });
}

describe('the average of the rounds’ models', () => {
  it('is the mean from its first round on, as swa', () => {
    fc.assert(
      fc.property(models, (rounds) => {
        const mean = [0, 1, 2].map((i) => rounds.reduce((sum, w) => sum + w[i]!, 0) / rounds.length);
        expectClose(averageOf(swa({ from: 4 }), rounds), mean, rounds.length);
      }),
      { seed: 1 },
    );
  });

  it('is Σ (1−d)·dᵗ⁻ʳ·w_r with dᵗ⁻¹ of the first, as ema', () => {
    const d = 0.75;
    fc.assert(
      fc.property(models, (rounds) => {
        const last = rounds.length - 1;
        const weight = (r: number) => (r === 0 ? 1 : 1 - d) * d ** (last - r);
        const mean = [0, 1, 2].map((i) => rounds.reduce((sum, w, r) => sum + weight(r) * w[i]!, 0));
        expectClose(averageOf(ema({ decay: d }), rounds), mean, rounds.length);
      }),
      { seed: 2 },
    );
  });

  it.each([ema(), swa({ from: 1 })])('leaves equal models as they are, to the bit: $name', (average) => {
    const model = Float32Array.of(0.1, -3e-39, 3e38);
    expect([...averageOf(average, [model, model, model])]).toEqual([...model]);
  });

  it('has its settings in its name', () => {
    expect([ema({ decay: 0.99 }).name, swa({ from: 3 }).name]).toEqual(['ema(decay=0.99)', 'swa(from=3)']);
  });
});
