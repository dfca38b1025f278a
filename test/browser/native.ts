/** Before the pages open: the same fifty steps in Node, natively, and the pictures for the pages. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { TestProject } from 'vitest/node';
import { ortNode } from '../../src/runtime/ort-node.js';
import { fiftySteps, type RunName } from './fifty-steps.js';

declare module 'vitest' {
  interface ProvidedContext {
    nativeLosses: Record<RunName, number[]>;
    /** Base64. */
    pictures: { images: string; labels: string };
  }
}

const SAMPLE = join(import.meta.dirname, '../fixtures/fashion-mnist-sample');
const PICTURES = 640;
const read = (file: string, header: number, bytes: number) =>
  gunzipSync(readFileSync(join(SAMPLE, file))).subarray(header, header + bytes);

export default async function setup({ provide }: TestProject): Promise<void> {
  const images = read('train-images-idx3-ubyte.gz', 16, 784 * PICTURES);
  const labels = read('train-labels-idx1-ubyte.gz', 8, PICTURES);
  const native = (name: RunName) => fiftySteps(ortNode(), name, { images, labels });
  provide('nativeLosses', { 'paper-cnn': await native('paper-cnn'), small: await native('small') });
  provide('pictures', { images: images.toString('base64'), labels: labels.toString('base64') });
}
