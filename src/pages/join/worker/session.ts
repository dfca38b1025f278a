/**
 * Remembers a page's part in a federation, so that the page resumes by itself when it is loaded
 * again. It is stored under the hash of the token; the token itself is only in the link.
 */
import { createStore, del, get, set } from 'idb-keyval';
import { z } from 'zod';
import { sha256Hex } from '../../../base/sha256.js';
import { dataSchema } from '../../../data/settings.js';
import { figuresSchema } from '../../../metrics/schemas.js';

const roundSchema = z.strictObject({
  round: z.int().positive(),
  own: figuresSchema.optional(),
  merged: figuresSchema.optional(),
  loss: z.number().optional(),
  seconds: z.number().optional(),
});

const sessionSchema = z.strictObject({
  job: z.string(),
  participant: z.string(),
  /** Whether it takes part: the user has pressed Start, and not Leave. */
  started: z.boolean(),
  shareLabelCounts: z.boolean(),
  shareSums: z.boolean().default(false),
  rounds: z.array(roundSchema),
  /** Set when the run is over: the hub is no longer needed. */
  finish: z
    .strictObject({
      reason: z.enum(['every-participant-passed', 'max-rounds', 'stopped', 'failed']),
      message: z.string().optional(),
    })
    .optional(),
  /** The model is this participant's own, which nobody could tell without the hub. */
  isPersonal: z.boolean().optional(),
  /** What the federation says about data, beside what its model says. */
  data: dataSchema.optional(),
});

export type SavedSession = z.output<typeof sessionSchema>;

const store = createStore('commonweight-sessions', 'sessions');
const keyOf = (token: string) => sha256Hex(new TextEncoder().encode(token));

/** Undefined if there is none, or it is from another version of this page. */
export async function loadSession(token: string): Promise<SavedSession | undefined> {
  const parsed = sessionSchema.safeParse(await get(await keyOf(token), store));
  return parsed.success ? parsed.data : undefined;
}

export const keepSession = async (token: string, session: SavedSession) =>
  set(await keyOf(token), session, store);

export const forgetSession = async (token: string) => del(await keyOf(token), store);
