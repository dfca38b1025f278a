/**
 * Libraries of JavaScript that train, where somebody has installed them: which there are, and how
 * fast they are beside one thread of ours. They are slower by orders of magnitude, so a few steps
 * say enough.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { type Contender, inTurns, ourContender, processContender } from './contender.js';
import { BenchError } from './error.js';
import { type NetworkName, trainingFlops } from './networks.js';
import { startJax } from './peer-jax.js';
import type { PeerStep, PeerTask } from './peer-task.js';
import { startTensorFlow } from './peer-tensorflow.js';
import { type Sample, sampleOf } from './statistics.js';

interface Peer {
  readonly library: string;
  readonly backend: string;
  /** All of them are needed; the first one's version is told. */
  readonly packages: readonly [string, ...string[]];
  /** What it gets through in seconds: a batch holds no more images than cost that. */
  readonly flopsPerStep: number;
  start(load: NodeJS.Require, task: PeerTask): Promise<PeerStep>;
}

const TENSORFLOW = '@tensorflow/tfjs';
const TENSORFLOW_WASM = '@tensorflow/tfjs-backend-wasm';
const JAX = '@jax-js/jax';

export const peers = {
  'tensorflow-cpu': {
    library: 'TensorFlow.js',
    backend: 'CPU',
    packages: [TENSORFLOW],
    flopsPerStep: 2e8,
    start: (load, task) => startTensorFlow(load, 'cpu', task),
  },
  'tensorflow-wasm': {
    library: 'TensorFlow.js',
    backend: 'WebAssembly',
    packages: [TENSORFLOW, TENSORFLOW_WASM],
    flopsPerStep: 1.5e9,
    start: (load, task) => startTensorFlow(load, 'wasm', task),
  },
  'jax-wasm': {
    library: 'jax-js',
    backend: 'WebAssembly',
    packages: [JAX],
    flopsPerStep: 1.5e9,
    start: startJax,
  },
} satisfies Record<string, Peer>;

export type PeerName = keyof typeof peers;
const peerNames = Object.keys(peers) as readonly PeerName[];
export const isPeerName = (name: string): name is PeerName => name in peers;

export const PEERS_VARIABLE = 'COMMONWEIGHT_BENCH_PEERS';
const SLICES = 2;
/**
 * The first step of a large network takes jax-js half a minute, until its kernels are compiled
 * well.
 */
const READY_MS = 300_000;
const script = fileURLToPath(new URL('peer-process.ts', import.meta.url));

export interface InstalledPeer {
  readonly name: PeerName;
  /** "TensorFlow.js 4.22.0, CPU" */
  readonly label: string;
  readonly folder: string;
}

/**
 * What is installed in this folder, or the one that the environment names; none where neither does.
 * @throws BenchError when a folder that is named has none.
 */
export async function findPeers(named: string | undefined): Promise<readonly InstalledPeer[]> {
  const folder = named ?? process.env[PEERS_VARIABLE];
  if (folder === undefined || folder === '') return [];
  const found: InstalledPeer[] = [];
  for (const name of peerNames) {
    const { library, backend, packages } = peers[name];
    const versions = await Promise.all(packages.map((name) => versionIn(folder, name)));
    if (versions.includes(undefined)) continue;
    found.push({ name, label: `${library} ${versions[0]}, ${backend}`, folder });
  }
  if (found.length > 0) return found;
  throw new BenchError(`bench: "${folder}" has no library of JavaScript that is measured`, {
    hint: `npm install --prefix ${folder} ${[TENSORFLOW, TENSORFLOW_WASM, JAX].join(' ')}`,
  });
}

const packageSchema = z.object({ version: z.string() });

async function versionIn(folder: string, name: string): Promise<string | undefined> {
  const text = await readFile(join(folder, 'node_modules', name, 'package.json'), 'utf8').catch(
    () => undefined,
  );
  return text === undefined ? undefined : packageSchema.parse(JSON.parse(text)).version;
}

export interface PeersOptions {
  readonly batchSize: number;
  readonly sliceSeconds: number;
  readonly tell: (note: string) => void;
}

export interface PeersResult {
  readonly network: NetworkName;
  readonly rows: readonly PeerRow[];
}

export interface PeerRow {
  readonly label: string;
  readonly batchSize: number;
  readonly imagesPerSecond: Sample;
  /** In the same turns: one thread, whole batches. */
  readonly ours: Sample;
}

/**
 * One after the other, since a step may take seconds and much memory; what does not train this
 * network is told.
 */
export async function measurePeers(
  network: NetworkName,
  installed: readonly InstalledPeer[],
  { batchSize, sliceSeconds, tell }: PeersOptions,
): Promise<PeersResult> {
  const ours = await ourContender('ours, 1 thread', ['training', network, batchSize, 1]);
  const rows: PeerRow[] = [];
  try {
    for (const peer of installed) {
      const peerBatch = Math.min(batchSize, batchFor(network, peers[peer.name].flopsPerStep));
      const contender = await startPeer(peer, network, peerBatch).catch((error: unknown) => {
        if (!(error instanceof BenchError)) throw error;
        tell(`${network}: ${error.message.replace(/^bench: /, '')}`);
      });
      if (contender === undefined) continue;
      try {
        const [theirs = [], our = []] = await inTurns([contender, ours], SLICES, sliceSeconds);
        rows.push({
          label: peer.label,
          batchSize: peerBatch,
          imagesPerSecond: sampleOf(theirs),
          ours: sampleOf(our),
        });
      } finally {
        await contender.close();
      }
    }
  } finally {
    await ours.close();
  }
  return { network, rows };
}

/** As many images as cost no more than this, at least one. */
export const batchFor = (network: NetworkName, flops: number): number =>
  Math.max(1, Math.floor(flops / trainingFlops(network)));

const startPeer = (
  { name, label, folder }: InstalledPeer,
  network: NetworkName,
  batchSize: number,
): Promise<Contender> =>
  processContender({
    label,
    program: process.execPath,
    args: ['--import', 'tsx', script, name, network, String(batchSize), folder],
    timeoutMs: READY_MS,
  });

/** Rounding of whole steps in float32 differs by less, one wrong gradient by more. */
const LOSS_TOLERANCE = 1e-4;

/** @throws BenchError when one computes something else than the other. */
export function checkLosses(ours: readonly number[], theirs: readonly number[]): void {
  ours.forEach((loss, step) => {
    const difference = Math.abs(loss - (theirs[step] ?? Number.NaN));
    if (difference <= LOSS_TOLERANCE) return;
    throw new BenchError(
      `bench: it computes something else: the loss of step ${step + 1} is ${theirs[step]}, expected ${loss}`,
    );
  });
}
