/**
 * The states that a method keeps at its participant, such as SCAFFOLD's c_k, one after each of the
 * last rounds. If an operator goes back to an earlier round, so does the state. States of void
 * rounds are ignored.
 *
 *     own-control-3.safetensors    that of the method "control" after round 3
 *     own-control.json             which there are, and of which updates; they count from here on
 */
import { z } from 'zod';
import { sha256Schema } from '../../../protocol/blob-name.js';
import { decodeSafetensors } from '../../../tensor/safetensors.js';
import type { StateDict } from '../../../tensor/state-dict.js';
import { FederationError } from '../../error.js';
import { decodeRecord, encodeRecord } from './json-record.js';
import type { ParticipantFolder, WorkIdentity } from './participant-files.js';

export interface OwnStates {
  /** The update counts: its state is kept. Calling this again changes nothing. */
  follow(update: FollowedUpdate, rollbacks: Rollbacks): Promise<void>;
  /** Whether the state of this update is kept. */
  hasFollowed(update: Pick<FollowedUpdate, 'round' | 'sha256'>): Promise<boolean>;
  /**
   * The state before a round; undefined at first.
   * @throws FederationError when only later states are left: the work of this round was done, and
   *   its files are gone
   */
  before(round: number, rollbacks: Rollbacks): Promise<StateDict | undefined>;
}

export interface FollowedUpdate {
  readonly round: number;
  /** The hash of the update's state. */
  readonly sha256: string;
  /** The method's state after the update: a safetensors file. */
  readonly own: Uint8Array;
}

/** The round to which an operator went back, for each time. */
export type Rollbacks = readonly number[];

export interface KeptState {
  /** The name of the method. */
  readonly name: string;
  /** What is kept, in words. */
  readonly keeps: string;
  /** How many rounds an operator can go back. */
  readonly rounds: number;
}

const keptSchema = z.strictObject({
  round: z.int().positive(),
  update: sha256Schema,
  /** How often an operator had gone back by then. */
  rollbacks: z.int().nonnegative(),
});
type Kept = z.output<typeof keptSchema>;
const recordSchema = z.strictObject({
  ...{ job: z.string(), participant: z.string(), plan: z.string() },
  states: z.array(keptSchema),
});

export function ownStates(
  folder: ParticipantFolder,
  { job, participant, plan }: WorkIdentity,
  { name, keeps, rounds }: KeptState,
): OwnStates {
  const RECORD = `own-${name}.json`;
  const fileOf = (round: number) => `own-${name}-${round}.safetensors`;

  /** In the order of the rounds. */
  async function readRecord(): Promise<Kept[]> {
    const bytes = await folder.read(RECORD);
    if (bytes === undefined) return [];
    const record = decodeRecord(recordSchema, bytes);
    if (record === undefined) {
      throw new FederationError(`${folder.name} holds a "${RECORD}" that was changed or cut short`, {
        hint: 'put back what was there: the run cannot be the same without it',
      });
    }
    if (record.job === job && record.participant === participant && record.plan === plan)
      return record.states;
    throw new FederationError(
      `${folder.name} holds the ${keeps} of "${record.participant}" in the federation ${record.job}, expected that of "${participant}" in ${job}`,
      { hint: 'take another folder' },
    );
  }

  async function after(kept: Kept | undefined): Promise<StateDict | undefined> {
    if (kept === undefined) return undefined;
    const bytes = await folder.read(fileOf(kept.round));
    const state = bytes && stateIn(bytes);
    if (state !== undefined) return state;
    throw new FederationError(
      `${folder.name} holds a "${fileOf(kept.round)}" that was changed or cut short, or does not hold it any more`,
      { hint: 'put back what was there: the run cannot be the same without it' },
    );
  }

  return {
    async follow({ round, sha256, own }, rollbacks) {
      const standing = standingOf(await readRecord(), rollbacks);
      if (standing.some((kept) => kept.round >= round)) return;
      await folder.write(fileOf(round), own);
      // One older state stays, for a participant that has not trained since.
      const oldest = standing.findLastIndex((kept) => kept.round < round - rounds);
      const states = [
        ...standing.slice(Math.max(oldest, 0)),
        { round, update: sha256, rollbacks: rollbacks.length },
      ];
      await folder.write(RECORD, encodeRecord({ job, participant, plan, states }));
      for (const kept of standing.slice(0, Math.max(oldest, 0))) await folder.remove(fileOf(kept.round));
    },
    hasFollowed: async ({ round, sha256 }) =>
      (await readRecord()).some((kept) => kept.round === round && kept.update === sha256),
    async before(round, rollbacks) {
      const last = standingOf(await readRecord(), rollbacks).at(-1);
      if (last === undefined || last.round < round) return after(last);
      throw new FederationError(
        `${folder.name} holds the ${keeps} of "${participant}" after round ${last.round}, and round ${round} is asked for once more`,
        {
          hint: 'the coordinator’s run has lost rounds: put them back, or start another run',
        },
      );
    },
  };
}

/** The states of rounds that are not void. */
const standingOf = (states: readonly Kept[], rollbacks: Rollbacks): Kept[] =>
  states.filter((kept) => rollbacks.slice(kept.rollbacks).every((to) => to >= kept.round));

function stateIn(bytes: Uint8Array): StateDict | undefined {
  try {
    return decodeSafetensors(bytes, 'it').state;
  } catch {
    return undefined;
  }
}
