/**
 * One run whose peak of memory is measured, in a process of its own: two rounds of two steps, on
 * noise.
 *
 *     demands-process.ts '{"network":"mlp","imageShape":[1,28,28],…}'
 *
 * It prints a line of JSON: the peak, and what was reckoned before it began.
 */

import { imageDataset } from '../src/data/images/image-dataset.js';
import { runFederation } from '../src/federation/coordinator/run-federation.js';
import { demandedBytes } from '../src/federation/plan/demands.js';
import { learnerOf } from '../src/federation/plan/learner.js';
import { parseConfiguration } from '../src/protocol/configuration/configuration.js';
import { sizeOf } from '../src/tensor/shape.js';
import type { Demand } from './demands.js';
import { ownPeakBytes } from './machine.js';

const { network, imageShape, batchSize, optimizer, workers, participants } = JSON.parse(
  process.argv[2] ?? '',
) as Demand;
const [channels, height, width] = imageShape;
const examples = participants * Math.max(Math.ceil(1.12 * batchSize) + 2, 30);
const classNames = [...'0123456789'];
const noise = (count: number) => {
  const images = new Uint8Array(count * sizeOf(imageShape)).map((_, i) => (i * 7919) >>> 3);
  const labels = Uint8Array.from({ length: count }, (_, i) => i % classNames.length);
  return imageDataset({ name: 'noise', images, labels, channels, height, width, classNames });
};
const data = { train: noise(examples), test: noise(25) };
const configuration = parseConfiguration(
  {
    dataset: 'noise',
    partition: { name: 'iid', participants },
    model: { name: network },
    batchSize,
    normalization: { mean: [0], deviation: [1] },
    optimizer: optimizer === 'adam' ? { name: 'adam' } : { name: 'sgd', learningRate: 1e-6 },
    local: { steps: 2 },
    rounds: 2,
  },
  'bench',
);
const dataBytes = data.train.images.length + data.test.images.length;
const learner = learnerOf(configuration, data.train, {}, 'bench');
const reckonedBytes = demandedBytes(configuration, learner, {
  threads: workers,
  simulated: participants,
  dataBytes,
});
await runFederation(configuration, { data, workers });
console.log(JSON.stringify({ peakBytes: ownPeakBytes(), reckonedBytes }));
