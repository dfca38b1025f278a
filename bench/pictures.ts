/**
 * Whole runs on pictures that take more memory than they may, beside the same runs with all
 * pictures in memory, in turns: generated JPEG files are decoded, trained on and evaluated.
 */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { randomStream } from '../src/base/random.js';
import { type CommandUse, commandLine, measureCommand } from './command-use.js';
import { BenchError } from './error.js';

const SIDE = 160;
const CLASSES = 10;
/** Gigabytes that a run may take: an eighth of them is less, or more, than the pictures. */
const LIMITS = { file: 2, memory: 64 } as const;
export type Way = keyof typeof LIMITS;

export interface PictureRun extends CommandUse {
  readonly way: Way;
  /** Of training and evaluation. */
  readonly roundSeconds: number;
}

export interface PicturesPlan {
  readonly pictures: number;
  /** Of each of two participants. */
  readonly steps: number;
  /** How often each way is measured. */
  readonly pairs: number;
}

export const allPictures: PicturesPlan = { pictures: 20_000, steps: 100, pairs: 3 };
export const quickPictures: PicturesPlan = { pictures: 4000, steps: 10, pairs: 1 };

export interface PicturesResult {
  readonly pictures: number;
  readonly decodedBytes: number;
  readonly steps: number;
  readonly runs: readonly PictureRun[];
}

/** @throws BenchError when the project is not built, or a run fails. */
export async function measurePictures({ pictures, steps, pairs }: PicturesPlan): Promise<PicturesResult> {
  if (!existsSync(commandLine)) throw new BenchError('bench: there is no dist', { hint: 'npm run build' });
  const folder = await mkdtemp(join(tmpdir(), 'commonweight-bench-pictures-'));
  try {
    await generate(join(folder, 'set'), pictures);
    const runs: PictureRun[] = [];
    for (let pair = 0; pair < pairs; pair++) {
      // Every other pair backwards.
      const ways: Way[] = pair % 2 === 0 ? ['file', 'memory'] : ['memory', 'file'];
      for (const way of ways) runs.push(await measureRun(folder, way, steps));
    }
    return { pictures, decodedBytes: pictures * 3 * SIDE * SIDE, steps, runs };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Soft colours of their own for each class. */
async function generate(folder: string, pictures: number): Promise<void> {
  const random = randomStream(0, 'pictures');
  for (let label = 0; label < CLASSES; label++) await mkdir(join(folder, String(label)), { recursive: true });
  for (let start = 0; start < pictures; start += 64) {
    const numbers = Array.from({ length: Math.min(64, pictures - start) }, (_, i) => start + i);
    await Promise.all(
      numbers.map((number) => {
        const label = number % CLASSES;
        const bytes = Uint8Array.from(
          { length: 192 },
          (_, at) => (at % 3 === label % 3 ? 120 : 60) + random.integer(80),
        );
        return sharp(bytes, { raw: { width: 8, height: 8, channels: 3 } })
          .resize(SIDE, SIDE, { fit: 'fill' })
          .jpeg({ quality: 80 })
          .toFile(join(folder, String(label), `${number}.jpg`));
      }),
    );
  }
}

async function measureRun(folder: string, way: Way, steps: number): Promise<PictureRun> {
  const out = join(folder, 'run');
  const settings = ['--network', 'lenet5', '--partition', 'iid', '--participants', '2', '--batch-size', '64'];
  const length = ['--rounds', '1', '--steps', String(steps), '--size', String(SIDE)];
  const where = ['--dataset', join(folder, 'set'), '--out', out, '--max-memory', String(LIMITS[way])];
  const use = await measureCommand(
    ['run', ...where, ...settings, ...length],
    `the run with its pictures in ${way}`,
  );
  const result = JSON.parse(await readFile(join(out, 'result.json'), 'utf8')) as {
    rounds: { seconds: number }[];
  };
  await rm(out, { recursive: true });
  const roundSeconds = result.rounds.reduce((sum, round) => sum + round.seconds, 0);
  return { way, ...use, roundSeconds };
}
