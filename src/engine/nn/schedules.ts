/**
 * Learning rates over a run: functions from the step (from 0) and the number of steps to a factor
 * of the base rate.
 */

import { partNearest } from '../../base/part-of.js';

export type Schedule = (step: number, steps: number) => number;

export const constantSchedule = (): Schedule => () => 1;

/**
 * Rises from 0 to 1 over the first `warmUp` fraction of the steps. Then it is 1, or follows
 * `after`.
 */
export const linearWarmUp =
  ({ warmUp = 0.1, after = constantSchedule() as Schedule } = {}): Schedule =>
  (step, steps) => {
    const rising = partNearest(warmUp, steps);
    return step < rising ? (step + 1) / rising : after(step - rising, steps - rising);
  };

/**
 * ½(1 + cos πt): from 1 to `floor` (Loshchilov and Hutter 2017, https://arxiv.org/abs/1608.03983).
 */
export const cosine =
  ({ floor = 0 } = {}): Schedule =>
  (step, steps) =>
    floor + (1 - floor) * 0.5 * (1 + Math.cos((Math.PI * step) / Math.max(steps, 1)));

/**
 * One cycle (Smith and Topin 2018, https://arxiv.org/abs/1708.07120): half a cosine from
 * 1/`startDivisor` to 1 over the first `warmUp` fraction, then another to
 * 1/(`startDivisor`·`endDivisor`).
 */
export const oneCycle =
  ({ warmUp = 0.3, startDivisor = 25, endDivisor = 1e4 } = {}): Schedule =>
  (step, steps) => {
    const last = Math.max(steps - 1, 1);
    const peak = warmUp * last;
    const between = (from: number, to: number, t: number) =>
      to + ((from - to) * (1 + Math.cos(Math.PI * t))) / 2;
    return step < peak
      ? between(1 / startDivisor, 1, step / peak)
      : between(1, 1 / (startDivisor * endDivisor), Math.min((step - peak) / Math.max(last - peak, 1), 1));
  };
