/**
 * Where the outcomes of studies lie: docs/results, one file per study. What a study no longer asks
 * for is not an outcome of it.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { reasonOf } from '../../src/base/node/reason.js';
import { writeFileWhole } from '../../src/base/node/whole-file.js';
import { StudyError } from './error.js';
import { formatKeptRuns, isOf, type KeptRun, parseKeptRuns } from './kept-run.js';
import { runsOf, type Study } from './study.js';

/** In the study's own order; none where there is no file. */
export async function readOutcomes(folder: string, study: Study): Promise<KeptRun[]> {
  const file = fileOf(folder, study);
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return undefined;
    throw new StudyError(`studies: "${file}" cannot be read: ${reasonOf(cause)}`, { cause });
  });
  if (text === undefined) return [];
  return inOrder(study, parseKeptRuns(text, file));
}

/** Writes the file of the study with this outcome in it, whole or not at all. */
export async function addOutcome(folder: string, study: Study, outcome: KeptRun): Promise<void> {
  const others = await readOutcomes(folder, study);
  const runs = inOrder(study, [outcome, ...others]);
  const file = fileOf(folder, study);
  await writeFileWhole(file, new TextEncoder().encode(formatKeptRuns(study.name, runs))).catch(
    (cause: unknown) => {
      throw new StudyError(`studies: "${file}" cannot be written: ${reasonOf(cause)}`, { cause });
    },
  );
}

const fileOf = (folder: string, { name }: Study) => join(folder, `${name}.json`);

const inOrder = (study: Study, kept: readonly KeptRun[]) =>
  runsOf(study).flatMap((run) => kept.find((one) => isOf(one, run)) ?? []);
