/**
 * The version of a run's journal: which facts there are, and what they mean. job.json has it; a run without one is of
 * version 1. Node only.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { FederationError } from '../error.js';

export const JOURNAL_VERSION = 3;

/** Whatever else a newer version keeps in job.json, the version itself can be read. */
const versionSchema = z.looseObject({ journal: z.int().positive() });

/** @throws FederationError when a newer version has written the run in this folder */
export async function checkJournalVersion(path: string): Promise<void> {
  const text = await readFile(join(path, 'job.json'), 'utf8').catch(() => '{}');
  const { success, data } = versionSchema.safeParse(parseJson(text));
  if (!success || data.journal <= JOURNAL_VERSION) return;
  throw new FederationError(
    `the journal in "${path}" is of version ${data.journal}, expected at most ${JOURNAL_VERSION}`,
    { hint: 'a newer version of commonweight has written it: go on with that one' },
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
