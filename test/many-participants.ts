/**
 * Runs a federation of many participants with a few examples each, and says what it took. As a
 * program it prints that as JSON: `node --import tsx test/many-participants.ts PARTICIPANTS FOLDER`.
 */
import { readdirSync } from 'node:fs';
import { sha256Of } from '../src/base/node/sha256-of.js';
import { randomStream } from '../src/base/random.js';
import { arrayDataset } from '../src/data/arrays/array-dataset.js';
import { runFederation } from '../src/federation/coordinator/run-federation.js';
import type { ConfigurationInput } from '../src/protocol/configuration/configuration.js';

const EXAMPLES_EACH = 5;

export interface ManyParticipants {
  /** SHA-256 of the merged model's values. */
  readonly model: string;
  readonly seconds: number;
  /** The most at any time; undefined where the system does not tell. */
  readonly openFiles: number | undefined;
}

/** @param out a new folder; without it the run is kept in memory */
export async function runMany(
  participants: number,
  out: string | undefined,
  changes: Partial<ConfigurationInput> = {},
): Promise<ManyParticipants> {
  const began = performance.now();
  let most = openFiles();
  const look = () => {
    if (most !== undefined) most = Math.max(most, openFiles() ?? 0);
  };
  const watch = setInterval(look, 5);
  try {
    const { model } = await runFederation(
      {
        partition: { name: 'iid', participants },
        model: { name: 'mlp', hidden: [8] },
        optimizer: { name: 'sgd', learningRate: 0.1 },
        batchSize: EXAMPLES_EACH,
        local: { epochs: 1 },
        rounds: 1,
        ...changes,
      },
      {
        data: { train: points(EXAMPLES_EACH * participants, 'train'), test: points(100, 'test') },
        out,
        workers: 1,
      },
    );
    if (model === undefined) throw new Error('the run has no model');
    const { buffer, byteOffset, byteLength } = model.data;
    const seconds = (performance.now() - began) / 1000;
    return { model: sha256Of(new Uint8Array(buffer, byteOffset, byteLength)), seconds, openFiles: most };
  } finally {
    clearInterval(watch);
  }
}

/** On which side of a plane a point lies. */
function points(examples: number, name: string) {
  const stream = randomStream(1, name);
  const values = Float32Array.from({ length: 4 * examples }, () => stream.normal());
  const sides = Int32Array.from({ length: examples }, (_, i) => {
    const [a = 0, b = 0, c = 0, d = 0] = values.subarray(4 * i, 4 * i + 4);
    return a + 2 * b - c - d > 0 ? 1 : 0;
  });
  return arrayDataset({
    name,
    inputs: [{ name: 'point', values, shape: [4] }],
    targets: [{ name: 'side', values: sides, meaning: { kind: 'categories', names: ['below', 'above'] } }],
  });
}

export function openFiles(): number | undefined {
  return process.platform === 'linux' ? readdirSync('/proc/self/fd').length : undefined;
}

const [, script = '', participants, folder] = process.argv;
if (script.endsWith('many-participants.ts')) {
  const report = await runMany(Number(participants), folder);
  console.log(JSON.stringify({ ...report, peakBytes: 1024 * process.resourceUsage().maxRSS }));
}
