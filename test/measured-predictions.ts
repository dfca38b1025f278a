/**
 * Measures predictions that a file of fixtures has, by a network that gives its input back: so
 * metrics are computed as those of any model, by ONNX Runtime and in batches with empty places.
 */
import type { Dataset } from '../src/data/dataset.js';
import { dense } from '../src/engine/nn/layers/layers.js';
import type { Network } from '../src/engine/nn/layers/network.js';
import { sgd } from '../src/engine/nn/optimizers.js';
import { compilePlan } from '../src/engine/nn/plan.js';
import { classification } from '../src/engine/nn/tasks/classification.js';
import { multiLabel } from '../src/engine/nn/tasks/multi-label.js';
import { regression } from '../src/engine/nn/tasks/regression.js';
import type { Task } from '../src/engine/nn/tasks/task.js';
import { ortNode } from '../src/engine/runtime/node/ort-node.js';
import type { Metrics } from '../src/metrics/metrics.js';
import { evaluateState } from '../src/training/evaluate.js';

export type TaskName = 'classification' | 'multi-label' | 'regression';

/** Predictions and what they should be. Outputs, and numbers to be predicted, are in 1/64. */
export interface Predictions {
  readonly examples: number;
  readonly outputs: readonly number[];
  readonly targets: readonly number[];
}

/** @param outputs the number of classes, or of labels */
export function taskOf(name: TaskName, outputs: number, metrics: readonly string[]): Task {
  if (name === 'classification') return classification({ classes: outputs, metrics });
  if (name === 'multi-label') return multiLabel({ target: { name: 'y', labels: outputs }, metrics });
  return regression({ target: { name: 'y', shape: [] }, metrics });
}

/** Gives its input back: x·I + 0. */
const asItIs: Network = (scope, x) => dense(scope.in('fc'), x, x.shape[1] ?? 1);

const sizeOf = ({ outputs, examples }: Predictions) => outputs.length / examples;

function datasetOf(predictions: Predictions, { name, targets: [target] }: Task): Dataset {
  const { examples, outputs, targets } = predictions;
  const values =
    name === 'regression' ? Float32Array.from(targets, (value) => value / 64) : Int32Array.from(targets);
  return {
    ...{ name: 'predictions', examples },
    inputs: [
      {
        ...{ name: 'x', dtype: 'f32', shape: [sizeOf(predictions)], meaning: { kind: 'number' } },
        values: Float32Array.from(outputs, (value) => value / 64),
      },
    ],
    targets: [{ ...target!, meaning: { kind: 'number' }, values }],
  };
}

/** Of each of these, for a task that all of them have. */
export async function measuredPredictions(
  task: Task,
  predictions: readonly Predictions[],
): Promise<Metrics[]> {
  const datasets = predictions.map((one) => datasetOf(one, task));
  const { inputs } = datasets[0]!;
  const size = sizeOf(predictions[0]!);
  const plan = compilePlan({
    ...{ network: asItIs, inputs, task, optimizer: sgd(), batchSize: 1 },
    evaluationBatchSize: 32,
  });
  const session = await ortNode().open(plan.evaluationModel);
  const identity = Float32Array.from({ length: size * (size + 1) }, (_, at) =>
    Number(at < size * size && at % (size + 1) === 0),
  );
  try {
    const measured: Metrics[] = [];
    for (const dataset of datasets) {
      const all = Uint32Array.from({ length: dataset.examples }, (_, i) => i);
      measured.push((await evaluateState(session, plan, identity, dataset, all))!);
    }
    return measured;
  } finally {
    await session.release();
  }
}
