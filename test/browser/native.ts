/**
 * Before the pages open: the same steps and the same small federation in Node, natively, and the
 * pictures for the pages.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { TestProject } from 'vitest/node';
import { ortNode } from '../../src/engine/runtime/node/ort-node.js';
import { runFederation } from '../../src/federation/coordinator/run-federation.js';
import { curve, extendedFederation, extensions } from './extended-federation.js';
import { lossesOf, type Pictures, type RunName } from './same-steps.js';
import { datasetOf, type FederationFigures, smallFederation } from './small-federation.js';

/** Base64. */
interface PicturesText {
  readonly images: string;
  readonly labels: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    /** How far training is followed. */
    trainingSteps: number;
    nativeLosses: Record<RunName, number[]>;
    nativeFederation: Omit<FederationFigures, 'state'> & { state: string };
    /** The final weights, and what each participant's validation error is after each round. */
    nativeExtended: { native: number[]; nativeErrors: number[][] };
    pictures: PicturesText;
    testPictures: PicturesText;
  }
}

const SAMPLE = join(import.meta.dirname, '../fixtures/fashion-mnist-sample');
const PICTURES = 640;
const read = (file: string, header: number, bytes: number) =>
  gunzipSync(readFileSync(join(SAMPLE, file))).subarray(header, header + bytes);
const picturesOf = (part: 'train' | 't10k') => ({
  images: read(`${part}-images-idx3-ubyte.gz`, 16, 784 * PICTURES),
  labels: read(`${part}-labels-idx1-ubyte.gz`, 8, PICTURES),
});
const textOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
const asText = ({ images, labels }: Pictures) => ({ images: textOf(images), labels: textOf(labels) });

export default async function setup({ config, provide }: TestProject): Promise<void> {
  const [train, test] = [picturesOf('train'), picturesOf('t10k')];
  const { trainingSteps = 0 } = config.provide;
  const native = (name: RunName) => lossesOf(ortNode(), name, train, trainingSteps);
  provide('nativeLosses', { 'paper-cnn': await native('paper-cnn'), small: await native('small') });
  const data = { train: datasetOf(train), test: datasetOf(test) };
  const { result, model } = await runFederation(smallFederation, { data, workers: 2 });
  provide('nativeFederation', {
    testAccuracy: result.rounds.at(-1)?.merged.mean?.test.accuracy ?? Number.NaN,
    validationAccuracies: result.rounds.map(({ copied }) =>
      copied.map(({ validation }) => validation.accuracy ?? Number.NaN),
    ),
    state: textOf(new Uint8Array(Float32Array.from(model?.data ?? []).buffer)),
  });
  const extended = await runFederation(extendedFederation, {
    ...{ data: { train: curve, test: curve }, extensions, workers: 2 },
  });
  provide('nativeExtended', {
    native: [...(extended.model?.data ?? [])],
    nativeErrors: extended.result.rounds.map(({ copied }) =>
      copied.map(({ validation }) => validation.error ?? Number.NaN),
    ),
  });
  provide('pictures', asText(train));
  provide('testPictures', asText(test));
}
