/**
 * The page in which training is measured; `browser.ts` opens it and calls what it offers. Its steps
 * run one after the other in its own thread; or it does the work of a participant: by tasks, in a
 * worker, while it only draws.
 */
import { ortInPage } from '../src/browser.js';
import { type ImageDataset, imageDataset } from '../src/data/images/image-dataset.js';
import { gpuAdapter } from '../src/engine/runtime/page/web-gpu.js';
import { imageShapeOf, type NetworkName } from './networks.js';
import { type Opening, startParticipant } from './page-participant.js';
import { type Slice, timedSlice } from './timed-slice.js';
import { startTraining } from './training.js';

export interface TrainingPage {
  readonly adapter: typeof gpuAdapter;
  start(setup: PageSetup): Promise<Opening | undefined>;
  slice(seconds: number): Promise<Slice>;
  /**
   * A slice of a participant, meanwhile every frame of the page is asked for. @returns the longest,
   * in milliseconds
   */
  watchedSlice(seconds: number): Promise<number>;
}

export interface PageSetup {
  readonly network: NetworkName;
  readonly batchSize: number;
  readonly device: 'wasm' | 'webgpu';
  readonly threads: number;
  /** Whether it does the work of a participant. */
  readonly participant: boolean;
  /** Of all images and labels, each byte a character. */
  readonly images: string;
  readonly labels: string;
}

const WARM_UP_RUNS = 3;

let work: ((seconds: number) => Promise<Slice>) | undefined;

const page: TrainingPage = {
  adapter: gpuAdapter,
  async start({ network, batchSize, device, threads, participant, ...data }) {
    const dataset = datasetOf(network, data);
    const options = device === 'wasm' ? { device, threads } : { device };
    if (participant) {
      const { slice, opening } = await startParticipant(network, batchSize, dataset, options);
      work = slice;
      return opening;
    }
    const training = await startTraining(await ortInPage(options), network, batchSize, dataset);
    for (let run = 0; run < WARM_UP_RUNS; run++) await training.step();
    work = (seconds) => timedSlice(training.step, seconds);
    return undefined;
  },
  async watchedSlice(seconds) {
    const longestFrame = watchFrames();
    await page.slice(seconds);
    return longestFrame();
  },
  slice(seconds) {
    if (work === undefined) throw new Error('internal: the page has not started');
    return work(seconds);
  },
};
Object.assign(globalThis, { page });

function datasetOf(network: NetworkName, data: Pick<PageSetup, 'images' | 'labels'>): ImageDataset {
  const [channels = 1, height = 1, width = 1] = imageShapeOf(network);
  return imageDataset({
    name: 'images',
    images: bytesOf(data.images),
    labels: bytesOf(data.labels),
    channels,
    height,
    width,
    classNames: [...'0123456789'],
  });
}

/** From one frame to the next, of the page's own thread. */
function watchFrames() {
  let [longestMs, last] = [0, performance.now()];
  let watching = true;
  const frame = (time: number) => {
    longestMs = Math.max(longestMs, time - last);
    last = time;
    if (watching) requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  return () => {
    watching = false;
    return Math.max(longestMs, performance.now() - last);
  };
}

const bytesOf = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));
