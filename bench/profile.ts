/**
 * Where the time of a training step goes: ONNX Runtime's own profile of every kernel, gathered by
 * operator and shapes. One thread; an operator's time is its lower quartile over the steps, which
 * other programs of the machine disturb least.
 */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as ort from 'onnxruntime-node';
import { ortNode } from '../src/engine/runtime/node/ort-node.js';
import { realImages } from './images.js';
import { imageShapeOf, type NetworkName, planOf } from './networks.js';
import { quantile } from './statistics.js';
import { inputsOfBatch, startOf, startTraining } from './training.js';

const STEPS = 30;

export interface KernelTime {
  readonly kernel: string;
  /** Runs in one step. */
  readonly runs: number;
  readonly milliseconds: number;
}

export interface Profile {
  readonly network: NetworkName;
  readonly batchSize: number;
  /** The whole step by the clock, without a profile, which costs time of its own. */
  readonly stepMilliseconds: number;
  readonly byOperator: readonly KernelTime[];
  readonly byShapes: readonly KernelTime[];
}

export async function profileNetwork(network: NetworkName, batchSize: number): Promise<Profile> {
  const folder = await mkdtemp(join(tmpdir(), 'commonweight-profile-'));
  try {
    const stepMilliseconds = await timeOfStep(network, batchSize);
    await runProfiled(network, batchSize, join(folder, 'steps'));
    const [file = ''] = await readdir(folder);
    const events = JSON.parse(await readFile(join(folder, file), 'utf8')) as ProfileEvent[];
    const kernels = kernelsOf(events);
    return {
      network,
      batchSize,
      stepMilliseconds,
      byOperator: gathered(kernels, ({ op_name }) => op_name),
      byShapes: gathered(
        kernels,
        ({ op_name, input_type_shape, output_type_shape }) =>
          `${op_name} ${shapesText(input_type_shape)} → ${shapesText(output_type_shape)}`,
      ),
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function runProfiled(network: NetworkName, batchSize: number, prefix: string): Promise<void> {
  const plan = planOf(network, batchSize, ortNode().partBytes);
  const batch = inputsOfBatch(plan, await realImages(imageShapeOf(network)));
  // As `engine/runtime/node/ort-node.ts` opens it.
  const session = await ort.InferenceSession.create(plan.trainingModel, {
    executionProviders: ['cpu'],
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
    enableProfiling: true,
    profileFilePrefix: prefix,
    extra: { session: { set_denormal_as_zero: '1' } },
  });
  const types = { f32: 'float32', i32: 'int32', u8: 'uint8' } as const;
  const feeds: Record<string, ort.Tensor> = {};
  for (const [name, { dtype, data, shape }] of Object.entries({ ...batch.inputs, ...startOf(network) })) {
    if (session.inputNames.includes(name)) feeds[name] = new ort.Tensor(types[dtype], data, shape);
  }
  for (let step = 0; step < STEPS; step++) {
    batch.fill(step);
    await session.run(feeds);
  }
  session.endProfiling();
  await session.release();
}

async function timeOfStep(network: NetworkName, batchSize: number): Promise<number> {
  const training = await startTraining(
    ortNode(),
    network,
    batchSize,
    await realImages(imageShapeOf(network)),
  );
  const milliseconds: number[] = [];
  for (let step = 0; step < STEPS; step++) {
    const began = performance.now();
    await training.step();
    milliseconds.push(performance.now() - began);
  }
  await training.release();
  return quantile(milliseconds, 0.25);
}

/** A line of the profile, in Chrome's trace format; shapes are [{"float": [64, 10]}, …]. */
interface ProfileEvent {
  readonly cat: string;
  readonly name: string;
  /** Microseconds. */
  readonly dur: number;
  readonly args: KernelFacts;
}

interface KernelFacts {
  readonly op_name: string;
  readonly input_type_shape: readonly Readonly<Record<string, readonly number[]>>[];
  readonly output_type_shape: readonly Readonly<Record<string, readonly number[]>>[];
}

interface Kernel extends KernelFacts {
  readonly microseconds: readonly number[];
}

/**
 * One for each node of the model. A loop's own time is that of its nodes, which have lines of their
 * own.
 */
function kernelsOf(events: readonly ProfileEvent[]): readonly Kernel[] {
  const kernels = new Map<string, KernelFacts & { microseconds: number[] }>();
  for (const { cat, name, dur, args } of events) {
    if (cat !== 'Node' || !name.endsWith('_kernel_time') || args.op_name === 'Loop') continue;
    const kernel = kernels.get(name) ?? { ...args, microseconds: [] };
    kernel.microseconds.push(dur);
    kernels.set(name, kernel);
  }
  return [...kernels.values()];
}

function gathered(kernels: readonly Kernel[], keyOf: (kernel: Kernel) => string): KernelTime[] {
  const groups = new Map<string, { runs: number; milliseconds: number }>();
  for (const kernel of kernels) {
    const key = keyOf(kernel);
    const group = groups.get(key) ?? { runs: 0, milliseconds: 0 };
    const runs = kernel.microseconds.length / STEPS;
    group.runs += runs;
    group.milliseconds += (runs * quantile(kernel.microseconds, 0.25)) / 1000;
    groups.set(key, group);
  }
  return [...groups]
    .map(([kernel, group]) => ({ kernel, ...group }))
    .sort((a, b) => b.milliseconds - a.milliseconds);
}

const shapesText = (shapes: KernelFacts['input_type_shape']) =>
  shapes.map((tensor) => `[${Object.values(tensor).flat().join()}]`).join(' ');
