/**
 * A participant's kept work, which survives a restart. It keeps its last update until it trains for
 * another round, so that no update is trained twice. And it keeps the states of methods from round
 * to round, such as SCAFFOLD's c_k, which never leaves the participant. A method's state changes
 * only with an update that counted: only then is the coordinator's c the mean of all c_k.
 *
 *     update.json                 its round, base and plan, what is told about it, SHA-256 of its files
 *     update-state.safetensors    the files that travel: the update, and its attachments
 *     attachment-*.safetensors
 *     next-*.safetensors          what methods keep from here on, once the update counts
 *     own-*                       what they keep, after each of the last rounds (own-states.ts)
 */
import { z } from 'zod';
import { sha256Hex } from '../../../base/sha256.js';
import { announcementSchema, type UpdateAnnouncement } from '../../../protocol/announcement.js';
import { attachedHashesSchema } from '../../../protocol/attachments.js';
import type { Blob } from '../../../protocol/blob-name.js';
import type { StateDict } from '../../../tensor/state-dict.js';
import type { Method } from '../../methods/method.js';
import { decodeRecord, encodeRecord } from './json-record.js';
import { type OwnStates, ownStates, type Rollbacks } from './own-states.js';
import type { ParticipantFolder, WorkIdentity } from './participant-files.js';

type Bytes = Uint8Array<ArrayBuffer>;

/** A trained update, ready to be handed in. */
export interface FinishedUpdate {
  readonly announcement: UpdateAnnouncement;
  readonly state: Bytes;
  /**
   * Files by the names of their methods: attachments that travel with the update, and states that
   * are kept here once it counts.
   */
  readonly attachments: Readonly<Record<string, Bytes>>;
  readonly own: Readonly<Record<string, Bytes>>;
}

export interface KeptWork {
  /** The last update that was kept, if it is whole and belongs to this federation. */
  load(): Promise<FinishedUpdate | undefined>;
  keep(update: FinishedUpdate): Promise<void>;
  /**
   * The update counts: the states of methods become those after it. Calling this again changes
   * nothing.
   */
  count(update: FinishedUpdate, rollbacks: Rollbacks): Promise<void>;
  /** Whether `count` was called for this update. */
  isCounted(update: FinishedUpdate): Promise<boolean>;
  /** The update is no longer needed. */
  forget(): Promise<void>;
  /** The state that a method keeps here, before a round: see `OwnStates`. */
  ownBefore(method: string, round: number, rollbacks: Rollbacks): Promise<StateDict | undefined>;
}

const RECORD = 'update.json';
const STATE = 'update-state.safetensors';
const attachmentFile = (name: string) => `attachment-${name}.safetensors`;
const nextFile = (name: string) => `next-${name}.safetensors`;

const identityShape = { job: z.string(), participant: z.string(), plan: z.string() };
const recordSchema = z.strictObject({
  ...identityShape,
  announcement: announcementSchema,
  own: attachedHashesSchema,
});

export async function blobOf(bytes: Bytes): Promise<Blob> {
  return { sha256: await sha256Hex(bytes), bytes: bytes.length };
}

/** Which methods keep a state, and for how many rounds an operator can go back. */
interface Keeping {
  readonly methods: readonly Method[];
  readonly keep: number;
}

export function keptWork(
  folder: ParticipantFolder,
  identity: WorkIdentity,
  { methods, keep }: Keeping,
): KeptWork {
  const states = new Map<string, OwnStates>();
  for (const { name, keeps } of methods) {
    if (keeps !== undefined) states.set(name, ownStates(folder, identity, { name, keeps, rounds: keep }));
  }
  const isOurs = (other: WorkIdentity) =>
    other.job === identity.job && other.participant === identity.participant && other.plan === identity.plan;

  /** A file that was cut short or changed counts as missing; its update is trained again. */
  async function soundFile(file: string, sha256: string): Promise<Bytes | undefined> {
    const bytes = await folder.read(file);
    return bytes !== undefined && (await sha256Hex(bytes)) === sha256 ? bytes : undefined;
  }
  async function soundFiles(fileOf: (name: string) => string, hashes: Readonly<Record<string, string>>) {
    const files: Record<string, Bytes> = {};
    for (const [name, sha256] of Object.entries(hashes)) {
      const bytes = await soundFile(fileOf(name), sha256);
      if (bytes === undefined) return undefined;
      files[name] = bytes;
    }
    return files;
  }

  return {
    async load() {
      const record = decodeRecord(recordSchema, await folder.read(RECORD));
      if (record === undefined || !isOurs(record) || record.announcement.type !== 'update') return undefined;
      const { announcement } = record;
      const state = await soundFile(STATE, announcement.update.state.sha256);
      const attachments = await soundFiles(attachmentFile, hashesOf(announcement.update.attachments));
      const own = await soundFiles(nextFile, record.own);
      if (state === undefined || attachments === undefined || own === undefined) return undefined;
      return { announcement, state, attachments, own };
    },
    async keep({ announcement, state, attachments, own }) {
      await folder.write(STATE, state);
      for (const [name, bytes] of Object.entries(attachments))
        await folder.write(attachmentFile(name), bytes);
      const hashes: Record<string, string> = {};
      for (const [name, bytes] of Object.entries(own)) {
        await folder.write(nextFile(name), bytes);
        hashes[name] = await sha256Hex(bytes);
      }
      await folder.write(RECORD, encodeRecord({ ...identity, announcement, own: hashes }));
    },
    async count({ announcement: { round, update }, own: files }, rollbacks) {
      for (const [name, own] of Object.entries(files))
        await states.get(name)?.follow({ round, sha256: update.state.sha256, own }, rollbacks);
    },
    async isCounted({ announcement: { round, update }, own }) {
      for (const name of Object.keys(own)) {
        if (!(await states.get(name)?.hasFollowed({ round, sha256: update.state.sha256 }))) return false;
      }
      return true;
    },
    async forget() {
      await folder.remove(RECORD);
      await folder.remove(STATE);
      for (const { name } of methods) {
        await folder.remove(attachmentFile(name));
        await folder.remove(nextFile(name));
      }
    },
    ownBefore: async (method, round, rollbacks) => states.get(method)?.before(round, rollbacks),
  };
}

const hashesOf = (blobs: Readonly<Record<string, Blob>> = {}) =>
  Object.fromEntries(Object.entries(blobs).map(([name, { sha256 }]) => [name, sha256]));

/** Keeps nothing. For federations in which no method keeps a state. */
export const nothingKept: KeptWork = {
  load: async () => undefined,
  keep: async () => {},
  count: async () => {},
  isCounted: async () => true,
  forget: async () => {},
  ownBefore: async () => undefined,
};
