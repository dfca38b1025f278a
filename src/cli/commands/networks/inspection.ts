/**
 * What an ONNX file holds, and what training it would take: layers, parameters, memory, and the
 * rate of steps on this machine, which is measured with numbers that mean nothing.
 */
import type { ImportedNetwork } from '../../../engine/nn/imported/import-network.js';
import { frozenLayoutOf, initialState, layoutOf, parametersOf } from '../../../engine/nn/layers/network.js';
import type { TrainedPart } from '../../../engine/nn/layers/trained-part.js';
import { sgd } from '../../../engine/nn/optimizers.js';
import { compilePlan } from '../../../engine/nn/plan.js';
import { classification } from '../../../engine/nn/tasks/classification.js';
import { regression } from '../../../engine/nn/tasks/regression.js';
import { segmentation } from '../../../engine/nn/tasks/segmentation.js';
import type { Task } from '../../../engine/nn/tasks/task.js';
import { trainingStep } from '../../../engine/nn/training-step.js';
import { workingSetBytes } from '../../../engine/nn/working-set.js';
import type { Runtime } from '../../../engine/runtime/runtime.js';
import { TRAINING_FACTOR } from '../../../federation/plan/demands.js';
import { type ColumnSpec, columnTensor } from '../../../tensor/column-spec.js';
import type { Role } from '../../../tensor/roles.js';
import { sizeOf } from '../../../tensor/shape.js';
import { layoutSize } from '../../../tensor/state-dict.js';
import { f32Tensor, i32Tensor } from '../../../tensor/tensor.js';

export interface InspectionOptions extends TrainedPart {
  readonly batchSize: number;
  readonly normPerPart: boolean;
}

export interface InspectedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly role: Role;
}

/** Of a step of SGD with momentum. */
export interface TrainingCost {
  readonly batchSize: number;
  /** Weights, gradients, slots and activations of one thread. */
  readonly bytes: number;
  readonly examplesPerSecond: number;
}

export interface Inspection {
  readonly producer: string;
  readonly opset: number;
  readonly irVersion: number;
  readonly inputs: readonly ColumnSpec[];
  readonly output: ImportedNetwork['output'];
  /** How many nodes of each operator it has, those of the most first. */
  readonly operators: Readonly<Record<string, number>>;
  readonly tensors: readonly InspectedTensor[];
  readonly head: readonly string[];
  /** What it could be trained for; none where no task takes such an output. */
  readonly tasks: readonly string[];
  readonly training: TrainingCost | undefined;
  readonly notes: readonly string[];
}

/** @throws NetworkError when a pattern matches no weight, or none is left to train */
export async function inspected(
  imported: ImportedNetwork,
  options: InspectionOptions,
  runtime: Runtime | undefined,
): Promise<Inspection> {
  const { network, inputs, output, producer, opset, irVersion, operators, head, notes } = imported;
  const part = trainedPart(options, imported.buffers);
  const parameters = parametersOf(network, inputs, part);
  const tasks = tasksOf(output.shape);
  const task = tasks[0];
  return {
    ...{ producer, opset, irVersion, inputs, output, operators, head, notes },
    tensors: parameters.map(({ name, shape, role }) => ({ name, shape, role })),
    tasks: tasks.map(({ name }) => name),
    training:
      task === undefined || runtime === undefined
        ? undefined
        : await trainingCost(imported, { ...options, ...part }, task, runtime),
  };
}

/** Buffers of the module are not trained. */
const trainedPart = ({ train, freeze = [] }: TrainedPart, buffers: readonly string[]): TrainedPart => ({
  train,
  freeze: [...freeze, ...buffers],
});

/** The tasks that take such scores for an example. */
function tasksOf(shape: readonly number[]): readonly Task[] {
  const [scores = 1, height = 1, width = 1] = shape;
  if (shape.length === 3 && scores > 1) {
    return [segmentation({ target: { name: 'labels', shape: [height, width] }, classes: scores })];
  }
  if (shape.length !== 1) return [];
  const numbers = regression({ target: { name: 'labels', shape: [scores] } });
  return scores > 1 ? [classification({ classes: scores }), numbers] : [numbers];
}

const MEASURED_SECONDS = 2;

async function trainingCost(
  { network, inputs }: ImportedNetwork,
  { batchSize, ...options }: InspectionOptions,
  task: Task,
  runtime: Runtime,
): Promise<TrainingCost> {
  const optimizer = sgd({ momentum: 0.9 });
  const { partBytes } = runtime;
  const description = { ...options, network, inputs, task, optimizer, batchSize, partBytes };
  const plan = compilePlan(description);
  const parameters = parametersOf(network, inputs, options);
  const [layout, frozen] = [layoutOf(parameters), frozenLayoutOf(parameters)];
  const values = workingSetBytes(trainingStep({ ...description, layout, frozen }));
  const session = await runtime.open(plan.trainingModel);
  const state = initialState(parameters, 'inspection').data;
  const column = (spec: ColumnSpec) =>
    [spec.name, columnTensor(spec, numbersOf(spec, batchSize), batchSize)] as const;
  const feeds = {
    state: f32Tensor(state),
    ...(layoutSize(frozen) > 0 && { frozen: f32Tensor(new Float32Array(layoutSize(frozen)).fill(0.01)) }),
    slot0: f32Tensor(new Float32Array(weightsOf(parameters))),
    ...Object.fromEntries([...inputs, ...task.targets].map(column)),
    weights: f32Tensor(new Float32Array(batchSize).fill(1)),
    learningRate: f32Tensor(Float32Array.of(0), []),
    step: i32Tensor(Int32Array.of(1), []),
    seed: i32Tensor(Int32Array.of(0), []),
  };
  try {
    const step = async () => {
      const began = performance.now();
      await session.run(feeds);
      return (performance.now() - began) / 1000;
    };
    await step();
    const seconds: number[] = [];
    for (let total = 0; total < MEASURED_SECONDS || seconds.length < 2; total += seconds.at(-1) ?? 0) {
      seconds.push(await step());
    }
    const vectors = 4 * (3 * layoutSize(layout) + layoutSize(frozen));
    return {
      batchSize,
      bytes: Math.round(vectors + TRAINING_FACTOR * values),
      examplesPerSecond: batchSize / Math.min(...seconds),
    };
  } finally {
    await session.release();
  }
}

const weightsOf = (parameters: readonly InspectedTensor[]) =>
  parameters.reduce((sum, { shape, role }) => sum + (role === 'weight' ? sizeOf(shape) : 0), 0);

/** Numbers that take as long as any: floats about 0, and a whole number that is valid anywhere. */
function numbersOf({ dtype, shape }: ColumnSpec, batchSize: number) {
  const size = batchSize * sizeOf(shape);
  if (dtype === 'f32') return Float32Array.from({ length: size }, (_, i) => Math.sin(1.7 * i));
  return dtype === 'u8' ? new Uint8Array(size) : new Int32Array(size);
}
