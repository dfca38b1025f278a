/**
 * Whole runs on pictures that take more memory than they may, beside the same runs with all
 * pictures in memory, in turns: generated JPEG files are decoded, trained on and evaluated.
 */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { inBenchFolder } from './built-product.js';
import { type CommandUse, measureCommand } from './command-use.js';
import { generatePictures, SIDE } from './generated-pictures.js';

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
  return inBenchFolder('pictures', async (folder) => {
    await generatePictures(join(folder, 'set'), pictures);
    const runs: PictureRun[] = [];
    for (let pair = 0; pair < pairs; pair++) {
      // Every other pair backwards.
      const ways: Way[] = pair % 2 === 0 ? ['file', 'memory'] : ['memory', 'file'];
      for (const way of ways) runs.push(await measureRun(folder, way, steps));
    }
    return { pictures, decodedBytes: pictures * 3 * SIDE * SIDE, steps, runs };
  });
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
