/**
 * The version of a run's journal: which facts there are, and what they mean. It is in job.json; a
 * journal without one was written before there were versions. Node only.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { FederationError } from '../error.js';

export const JOURNAL_VERSION = 5;

/** Another version may have other fields in job.json; this one can always be read. */
const versionSchema = z.looseObject({ journal: z.int().positive().default(1) });

/** @throws FederationError when another version has written the run in this folder */
export async function checkJournalVersion(path: string): Promise<void> {
  const text = await readFile(join(path, 'job.json'), 'utf8').catch(() => undefined);
  if (text === undefined) return;
  const { success, data } = versionSchema.safeParse(parseJson(text));
  if (!success || data.journal === JOURNAL_VERSION) return;
  const which = data.journal < JOURNAL_VERSION ? 'an older' : 'a newer';
  throw new FederationError(
    `the journal in "${path}" is of version ${data.journal}, expected ${JOURNAL_VERSION}`,
    {
      hint: `${which} version of commonweight has written it: use that one for this run, or start another run`,
    },
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
