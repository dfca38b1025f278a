/**
 * Training in another library of JavaScript, in a process of its own, by the protocol of
 * `contender-process.ts`:
 *
 *     peer-process.ts PEER NETWORK BATCH FOLDER
 *
 * Its first steps are taken beside ours: it is ready when they gave the same losses. An error is
 * one line.
 */
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { ortNode } from '../src/engine/runtime/node/ort-node.js';
import { realImages } from './images.js';
import { imageShapeOf, isNetworkName } from './networks.js';
import { peerTask } from './peer-task.js';
import { checkLosses, isPeerName, peers } from './peers.js';
import { timedSlice } from './timed-slice.js';
import { startTraining } from './training.js';

/** In the first loss is the network, in the second its gradient, in the third the momentum. */
const CHECKED_STEPS = 3;

async function start([peer = '', network = '', batch, folder = '']: readonly string[]) {
  if (!isPeerName(peer) || !isNetworkName(network)) throw new Error(`internal: no peer "${peer}"`);
  const batchSize = Number(batch);
  const images = await realImages(imageShapeOf(network));
  const load = createRequire(resolve(folder, 'package.json'));
  const step = await peers[peer].start(load, peerTask(network, batchSize, images));
  const ours = await startTraining(ortNode(), network, batchSize, images);
  const losses: { ours: number[]; theirs: number[] } = { ours: [], theirs: [] };
  for (let i = 0; i < CHECKED_STEPS; i++) {
    losses.ours.push(await ours.step());
    losses.theirs.push(await step());
  }
  await ours.release();
  checkLosses(losses.ours, losses.theirs);
  return { batchSize, step };
}

try {
  const { batchSize, step } = await start(process.argv.slice(2));
  console.log('ready');
  for await (const line of createInterface(process.stdin)) {
    const { runs, seconds, last } = await timedSlice(step, Number(line));
    console.log(JSON.stringify({ rate: (runs * batchSize) / seconds, loss: last }));
  }
} catch (error) {
  console.error((error as Error).message.replaceAll('\n', ' '));
  process.exit(1);
}
