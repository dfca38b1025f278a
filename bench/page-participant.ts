/**
 * The work of a participant in a page, as a federation asks for it: pieces of training by tasks, in
 * a worker, with progress told and drawn. A piece has as many steps as fill a slice, and goes on
 * where the one before ended.
 */
import { pageTasks } from '../src/browser.js';
import { allIndices } from '../src/data/batches/batches.js';
import type { ImageDataset } from '../src/data/images/image-dataset.js';
import { initialState } from '../src/engine/nn/layers/network.js';
import type { OrtWebOptions } from '../src/engine/runtime/page/ort-web.js';
import type { LocalProgress, LocalResult } from '../src/training/local-training.js';
import { LEARNING_RATE, type NetworkName, parametersOfNetwork, planOf } from './networks.js';
import type { Slice } from './timed-slice.js';

/** What a page takes before its first step. */
export interface Opening {
  /** The plan, the first time. */
  readonly compileMs: number;
  /** The worker, its engine and the session. */
  readonly openMs: number;
}

const WARM_UP_STEPS = 5;

export async function startParticipant(
  network: NetworkName,
  batchSize: number,
  dataset: ImageDataset,
  options: OrtWebOptions,
) {
  const began = performance.now();
  let compileMs = 0;
  const tasks = await pageTasks(({ partBytes }) => {
    const compiling = performance.now();
    const plan = planOf(network, batchSize, partBytes);
    compileMs = performance.now() - compiling;
    return { plan, train: dataset };
  }, options);
  const opening: Opening = { compileMs, openMs: performance.now() - began - compileMs };

  const train = allIndices(dataset);
  let trained: Pick<LocalResult, 'state' | 'slots'> = {
    state: initialState(parametersOfNetwork(network), 1).data,
    slots: new Float32Array(0),
  };
  let stepsBefore = 0;
  const piece = async (steps: number): Promise<Slice> => {
    const work = {
      participant: 'page',
      round: 1,
      seed: 1,
      epochs: 1,
      maxSteps: steps,
      stepsBefore,
      learningRates: Float32Array.of(LEARNING_RATE),
      ...(stepsBefore > 0 && { slots: trained.slots }),
    };
    const started = performance.now();
    const result = await tasks.train(
      { type: 'train', work, base: trained.state, train, validation: new Uint32Array(0) },
      draw,
    );
    const seconds = (performance.now() - started) / 1000;
    stepsBefore += steps;
    trained = result;
    return { runs: steps, seconds, last: result.loss };
  };
  let { runs, seconds: passed } = await piece(WARM_UP_STEPS);
  return {
    opening,
    async slice(seconds: number) {
      const slice = await piece(Math.max(1, Math.round((seconds * runs) / passed)));
      ({ runs, seconds: passed } = slice);
      return slice;
    },
  };
}

function draw({ step, steps, loss, examplesPerSecond }: LocalProgress) {
  document.body.textContent = `step ${step} of ${steps}, loss ${loss}, ${examplesPerSecond} images/s`;
}
