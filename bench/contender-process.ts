/**
 * What is measured of ours, in a process of its own: training, or the engine's matrix product.
 *
 *     contender-process.ts training NETWORK BATCH THREADS|webgpu   contender-process.ts product THREADS
 *
 * For each line on standard input, the seconds of a slice, it gives a line of JSON. It begins with
 * the line "ready".
 */
import { createInterface } from 'node:readline';
import { chooseGpu } from '../src/engine/runtime/node/find-gpu.js';
import { ortNode } from '../src/engine/runtime/node/ort-node.js';
import { ortNodeGpu } from '../src/engine/runtime/node/ort-node-gpu.js';
import { realImages } from './images.js';
import { imageShapeOf, isNetworkName } from './networks.js';
import { PRODUCT_FLOPS, startProduct } from './product.js';
import { timedSlice } from './timed-slice.js';
import { startTraining } from './training.js';

const WARM_UP_RUNS = 3;

/** @returns a run, and how much of the unit (images, floating-point operations) it does. */
async function start([kind, ...args]: readonly string[]) {
  if (kind === 'product') {
    const product = await startProduct(ortNode({ threads: Number(args[0]) }));
    return { amount: PRODUCT_FLOPS, run: () => product().then(() => 0) };
  }
  const [network = '', batchSize, threads] = args;
  if (kind !== 'training' || !isNetworkName(network)) throw new Error(`internal: no contender "${kind}"`);
  const images = await realImages(imageShapeOf(network));
  const gpu = threads === 'webgpu' ? await chooseGpu('webgpu') : undefined;
  const runtime = gpu === undefined ? ortNode({ threads: Number(threads) }) : ortNodeGpu(gpu);
  const training = await startTraining(runtime, network, Number(batchSize), images);
  return { amount: Number(batchSize), run: training.step };
}

const { amount, run } = await start(process.argv.slice(2));
for (let i = 0; i < WARM_UP_RUNS; i++) await run();
console.log('ready');
for await (const line of createInterface(process.stdin)) {
  const { runs, seconds, last } = await timedSlice(run, Number(line));
  console.log(JSON.stringify({ rate: (runs * amount) / seconds, loss: last }));
}
