/** The command line as it was built, measured in a folder that is removed afterwards. */
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandLine } from './command-use.js';
import { BenchError } from './error.js';

/** @throws BenchError when the project is not built */
export function requireBuilt(): void {
  if (!existsSync(commandLine)) throw new BenchError('bench: there is no dist', { hint: 'npm run build' });
}

/**
 * @param name a part of the folder's
 * @throws BenchError when the project is not built
 */
export async function inBenchFolder<Result>(
  name: string,
  measure: (folder: string) => Promise<Result>,
): Promise<Result> {
  requireBuilt();
  const folder = await mkdtemp(join(tmpdir(), `commonweight-bench-${name}-`));
  try {
    return await measure(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}
