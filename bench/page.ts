/** The page in which training is measured; `browser.ts` opens it and calls what it offers. */
import * as ort from 'onnxruntime-web/webgpu';
import { ortWeb } from '../src/browser.js';
import type { ImageDataset } from '../src/data/image-dataset.js';
import { gpuAdapter } from '../src/runtime/web-gpu.js';
import { imageShapeOf, type NetworkName } from './networks.js';
import { type Slice, timedSlice } from './timed-slice.js';
import { startTraining } from './training.js';

export interface TrainingPage {
  readonly adapter: typeof gpuAdapter;
  start(setup: PageSetup): Promise<void>;
  slice(seconds: number): Promise<Slice>;
}

export interface PageSetup {
  readonly network: NetworkName;
  readonly batchSize: number;
  readonly device: 'wasm' | 'webgpu';
  readonly threads: number;
  /** Of all images and labels, each byte a character. */
  readonly images: string;
  readonly labels: string;
}

const WARM_UP_RUNS = 3;

let step: (() => Promise<number>) | undefined;

const page: TrainingPage = {
  adapter: gpuAdapter,
  async start({ network, batchSize, device, threads, ...data }) {
    const [channels = 1, height = 1, width = 1] = imageShapeOf(network);
    const labels = bytesOf(data.labels);
    const dataset: ImageDataset = {
      name: 'images',
      images: bytesOf(data.images),
      labels,
      examples: labels.length,
      channels,
      height,
      width,
      classNames: [],
    };
    const runtime = await ortWeb(ort, device === 'wasm' ? { device, threads } : { device });
    const training = await startTraining(runtime, network, batchSize, dataset);
    for (let run = 0; run < WARM_UP_RUNS; run++) await training.step();
    step = training.step;
  },
  slice(seconds) {
    if (step === undefined) throw new Error('internal: the page has not started');
    return timedSlice(step, seconds);
  },
};
Object.assign(globalThis, { page });

const bytesOf = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));
