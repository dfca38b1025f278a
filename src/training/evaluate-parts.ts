/**
 * Evaluates a model in parts of one size, so that several workers can share the work, and their
 * number does not change the result.
 */
import { addMetrics, type Metrics } from '../metrics/metrics.js';
import type { ExampleSet, TaskRunner } from './tasks.js';

const PART = 2500;

/**
 * The metrics of a state on the first `examples` of a set.
 * @param each whether the sums of each example by itself are wanted
 */
export async function evaluateInParts(
  tasks: TaskRunner,
  state: Float32Array,
  source: ExampleSet['source'],
  examples: number,
  each = false,
): Promise<Metrics> {
  const starts = Array.from({ length: Math.ceil(examples / PART) }, (_, part) => part * PART);
  const parts = await Promise.all(
    starts.map((start) => {
      const length = Math.min(PART, examples - start);
      const indices = Uint32Array.from({ length }, (_, i) => start + i);
      return tasks.evaluate({
        type: 'evaluate',
        state,
        examples: { source, indices },
        ...(each && { each }),
      });
    }),
  );
  return addMetrics(parts);
}
