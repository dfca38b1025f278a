/**
 * Finds the magnitude that a value needs to belong to the largest part of an update, exactly and
 * without sorting. Magnitudes are taken as float32, whose bits order them. One pass counts them by
 * their upper 15 bits. A second pass counts, by their lower 16 bits, those that share the upper
 * bits of the threshold.
 */
import { partUp } from '../../base/part-of.js';
import type { Combination, Survey } from '../strategy.js';

const LOW = 16;
const BUCKETS = 2 ** LOW;

/**
 * @param density the part of each update's values that is kept, in (0, 1]
 * @param then receives for each update the least magnitude that is kept
 */
export function magnitudeSurvey(
  updates: number,
  density: number,
  then: (thresholds: Float32Array) => Combination,
): Survey {
  const upper = counting(updates, (bits) => bits >>> LOW);
  return {
    see: upper.see,
    finish() {
      const found = upper.counts.map((counts) => {
        return rankFromTop(counts, partUp(density, upper.values()));
      });
      const lower = counting(updates, (bits, k) =>
        bits >>> LOW === found[k]?.bucket ? bits % BUCKETS : undefined,
      );
      return {
        see: lower.see,
        finish: () =>
          then(
            floatsOf(
              found.map(({ bucket, rank }, k) => {
                return bucket * BUCKETS + rankFromTop(lower.counts[k] as Float64Array, rank).bucket;
              }),
            ),
          ),
      };
    },
  };
}

/**
 * Counts the values of each update by a number made from the bits of their magnitude, and their
 * total.
 */
function counting(updates: number, bucketOf: (bits: number, update: number) => number | undefined) {
  const counts = Array.from({ length: updates }, () => new Float64Array(BUCKETS));
  let values = 0;
  const see: Survey['see'] = (columns) => {
    values += columns[0]?.length ?? 0;
    columns.forEach((column, k) => {
      const mine = counts[k] as Float64Array;
      for (const bits of new Uint32Array(new Float32Array(column).buffer)) {
        const bucket = bucketOf(bits & 0x7fffffff, k);
        if (bucket !== undefined) mine[bucket] = (mine[bucket] as number) + 1;
      }
    });
  };
  return { counts, see, values: () => values };
}

/**
 * The bucket of the value with this rank, counted from the largest, and its rank in that bucket.
 */
function rankFromTop(counts: Float64Array, rank: number): { bucket: number; rank: number } {
  let bucket = counts.length - 1;
  let left = rank;
  while (bucket > 0 && left > (counts[bucket] as number)) {
    left -= counts[bucket] as number;
    bucket--;
  }
  return { bucket, rank: left };
}

const floatsOf = (bits: readonly number[]) => new Float32Array(Uint32Array.from(bits).buffer);
