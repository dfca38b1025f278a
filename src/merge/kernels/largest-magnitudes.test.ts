import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Combination, Survey } from '../strategy.js';
import { magnitudeSurvey } from './largest-magnitudes.js';

it('a density of 0.07 keeps 7 of 100', () => {
  let least = 0;
  let stage: Survey | Combination = magnitudeSurvey(1, 0.07, ([threshold]) => {
    least = threshold!;
    return { combine: () => undefined };
  });
  while ('see' in stage) {
    stage.see([Float32Array.from({ length: 100 }, (_, i) => i + 1)], { tensor: 'w', at: 0, auxiliaries: {} });
    stage = stage.finish();
  }
  expect(least).toBe(94);
});

it('the threshold is the magnitude of the last value that is kept, as by sorting', () => {
  const values = fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), {
    minLength: 1,
    maxLength: 40,
  });
  fc.assert(
    fc.property(values, fc.integer({ min: 1, max: 10 }), (drawn, tenths) => {
      let thresholds = new Float32Array();
      const combination: Combination = { combine: () => undefined };
      let stage: Survey | Combination = magnitudeSurvey(2, tenths / 10, (found) => {
        thresholds = Float32Array.from(found);
        return combination;
      });
      const columns = [Float32Array.from(drawn), Float32Array.from(drawn, (value) => value / 2)];
      let passes = 0;
      for (; 'see' in stage; passes++) {
        stage.see(columns, { tensor: 'w', at: 0, auxiliaries: {} });
        stage = stage.finish();
      }
      expect(passes).toBe(2);
      const keep = Math.ceil((tenths / 10) * drawn.length);
      const expected = columns.map((column) => column.map(Math.abs).sort().at(-keep));
      expect([...thresholds]).toEqual(expected);
    }),
    { seed: 1, numRuns: 60 },
  );
});
