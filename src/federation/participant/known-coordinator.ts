/**
 * A participant's memory of its coordinator, which survives a restart: the key, the hash of the
 * description that it agreed to, and the newest assignment that it has seen. So an old message
 * cannot be replayed, even after a restart. If nobody gave the coordinator's key, the first key
 * that it shows is taken, and no other from then on.
 *
 *     coordinator.json            key, job, description, epoch and sequence
 */
import { z } from 'zod';
import { type Assignment, isEarlier } from '../../protocol/assignment.js';
import { sha256Schema } from '../../protocol/blob-name.js';
import { jobSchema } from '../../protocol/description.js';
import { descriptionHash } from '../../protocol/description-hash.js';
import { publicKeySchema } from '../../protocol/signed.js';
import type { ParticipantEnd } from '../../transport/transport.js';
import { FederationError } from '../error.js';
import { decodeRecord, encodeRecord } from './kept/json-record.js';
import type { ParticipantFolder } from './kept/participant-files.js';

export interface KnownCoordinator {
  /**
   * The hash of the description that the participant agreed to before in this run, if it was
   * another.
   */
  readonly agreedBefore: string | undefined;
  /** The key that was taken just now, because nobody had given one. */
  readonly takenKey: string | undefined;
  /**
   * Keeps an assignment that is newer than all before. @returns false when it is older than one of
   * them
   */
  see(assignment: Assignment): Promise<boolean>;
}

const FILE = 'coordinator.json';

const recordSchema = z.strictObject({
  key: publicKeySchema,
  job: jobSchema,
  /** The hash of the description. */
  description: sha256Schema,
  /** The place of the newest assignment. */
  epoch: z.int().nonnegative(),
  sequence: z.int().nonnegative(),
});
type Record = z.output<typeof recordSchema>;

/** @throws FederationError when this folder knows another key, and nobody has given the new one */
export async function knownCoordinator(
  folder: ParticipantFolder | undefined,
  { coordinator, description: told }: Pick<ParticipantEnd, 'coordinator' | 'description'>,
): Promise<KnownCoordinator> {
  if (coordinator === undefined) {
    return { agreedBefore: undefined, takenKey: undefined, see: async () => true };
  }
  const { job } = told;
  const description = descriptionHash(told);
  const { key, isGiven, epoch } = coordinator;
  const before = await read(folder);
  if (before !== undefined && before.key !== key && !isGiven) throw otherKey(key, before, folder?.name ?? '');
  const same = before?.key === key && before.job === job;
  if (same && epoch < before.epoch) {
    throw new FederationError(
      `federation: the description is of epoch ${epoch}, and one of epoch ${before.epoch} was here before: somebody repeats an old one`,
      { hint: 'start it again; if it stays so, ask the operator whether the run was put back from a backup' },
    );
  }
  let newest: Record | undefined = same ? before : undefined;
  const keep = async (record: Record) => {
    await folder?.write(FILE, encodeRecord(record));
    newest = record;
  };
  // Written before any work begins: every later coordinator must show the same key.
  if (newest?.description !== description) {
    await keep({ key, job, description, epoch: newest?.epoch ?? 0, sequence: newest?.sequence ?? 0 });
  }
  return {
    agreedBefore: same && before.description !== description ? before.description : undefined,
    takenKey: before?.key === key || isGiven ? undefined : key,
    async see({ epoch, sequence }) {
      const seen = { key, job, description, epoch, sequence };
      if (newest !== undefined && isEarlier(seen, newest)) return false;
      if (newest === undefined || isEarlier(newest, seen)) await keep(seen);
      return true;
    },
  };
}

/**
 * @throws FederationError when the file is damaged: only the user may decide to trust a key anew
 */
async function read(folder: ParticipantFolder | undefined): Promise<Record | undefined> {
  const bytes = await folder?.read(FILE);
  const record = decodeRecord(recordSchema, bytes);
  if (bytes === undefined || record !== undefined) return record;
  throw new FederationError(`federation: ${FILE} in ${folder?.name} is damaged`, {
    hint: 'remove it, and give the key by which the coordinator is known: --coordinator-key',
  });
}

const otherKey = (got: string, { key }: Record, where: string) =>
  new FederationError(
    `federation: the coordinator's key is ${got}, expected ${key}, by which it is known in ${where}`,
    {
      hint: 'ask the operator for the key: give it by --coordinator-key, if it is the new one; or take another folder for another federation',
    },
  );
