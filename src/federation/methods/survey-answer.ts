/**
 * The file in which a participant's answer to the survey travels. An answer is sums in float64, and
 * files have float32. So each sum is split into three numbers, which add up to it: the nearest one,
 * then the nearest one to what is left, twice.
 */
import { type StateDict, type StateLayout, stateLayout, tensorView } from '../../tensor/state-dict.js';

const PARTS = ['survey.high', 'survey.middle', 'survey.low'] as const;
type Parts = [high: Float32Array, middle: Float32Array, low: Float32Array];

/** @param sums how many there are */
export const answerLayout = (sums: number): StateLayout => stateLayout(PARTS.map((name) => [name, [sums]]));

export function packAnswer(answer: Float64Array): StateDict {
  const layout = answerLayout(answer.length);
  const file = { layout, data: new Float32Array(3 * answer.length) };
  const [high, middle, low] = partsOf(file);
  for (const [i, value] of answer.entries()) {
    high[i] = value;
    middle[i] = value - (high[i] as number);
    low[i] = value - (high[i] as number) - (middle[i] as number);
  }
  return file;
}

export function unpackAnswer(file: StateDict): Float64Array {
  const [high, middle, low] = partsOf(file);
  return Float64Array.from(high, (value, i) => value + (middle[i] as number) + (low[i] as number));
}

const partsOf = (file: StateDict) => PARTS.map((name) => tensorView(file, name)) as Parts;
