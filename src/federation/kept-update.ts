/**
 * What a participant keeps of its own work between two starts: its last update until it trains for another round, so that it
 * is not trained twice, and SCAFFOLD's c_k, which never leaves the participant. c_k follows an update that counted, and no
 * other: the coordinator's c is the mean of all c_k only so.
 *
 *     update.json                 which round, base and plan it is of, what is told about it, its files' SHA-256
 *     update-*.safetensors        the files that travel
 *     own-control.safetensors     c_k, and in its metadata after which round
 */
import { z } from 'zod';
import { type Announcement, announcementSchema } from '../protocol/announcement.js';
import type { Blob } from '../protocol/blob-name.js';
import { decodeSafetensors, encodeSafetensors } from '../tensor/safetensors.js';
import { sha256Hex } from '../tensor/sha256.js';
import { layoutSize, type StateLayout } from '../tensor/state-dict.js';
import { ownAfter } from './control-variates.js';
import { FederationError } from './error.js';

/** A few named files, of one participant in one federation. */
export interface ParticipantFolder {
  /** What errors call it. */
  readonly name: string;
  /** Nothing where there is no such file. */
  read(file: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** Resolves when it is safe: whole and synced. */
  write(file: string, bytes: Uint8Array): Promise<void>;
  remove(file: string): Promise<void>;
}

export type UpdateAnnouncement = Extract<Announcement, { type: 'update' }>;

type FileRole = 'state' | 'control' | 'fisher';
const roles: readonly FileRole[] = ['state', 'control', 'fisher'];

/** A trained update, ready to be handed in. */
export interface FinishedUpdate {
  readonly announcement: UpdateAnnouncement;
  readonly files: Readonly<Partial<Record<FileRole, Uint8Array<ArrayBuffer>>>>;
}

/** Whose work it is. */
export interface Identity {
  readonly job: string;
  readonly participant: string;
  /** The plan's hash. */
  readonly plan: string;
}

export interface KeptWork {
  /** The update that was kept last, if it is whole and of this federation. */
  load(): Promise<FinishedUpdate | undefined>;
  keep(update: FinishedUpdate): Promise<void>;
  /** It counts: c_k follows it, once, however often this is said. */
  count(update: FinishedUpdate): Promise<void>;
  /** Whether c_k has followed it. */
  isCounted(update: FinishedUpdate): Promise<boolean>;
  /** It is needed no more. */
  forget(): Promise<void>;
  /**
   * c_k before a round, zero at first.
   * @throws FederationError when it has gone beyond that: this round's work was done, and its files are gone
   */
  ownControl(round: number): Promise<Float32Array>;
}

const RECORD = 'update.json';
const CONTROL = 'own-control.safetensors';
const fileOf = (role: FileRole) => `update-${role}.safetensors`;

const identityShape = { job: z.string(), participant: z.string(), plan: z.string() };
const recordSchema = z.strictObject({ ...identityShape, announcement: announcementSchema });
const controlSchema = z.object({ ...identityShape, round: z.coerce.number() });

export async function blobOf(bytes: Uint8Array<ArrayBuffer>): Promise<Blob> {
  return { sha256: await sha256Hex(bytes), bytes: bytes.length };
}

export function keptWork(folder: ParticipantFolder, identity: Identity, layout: StateLayout): KeptWork {
  const isOurs = (other: Identity) =>
    other.job === identity.job && other.participant === identity.participant && other.plan === identity.plan;

  async function readControl() {
    const bytes = await folder.read(CONTROL);
    if (bytes === undefined) return { own: new Float32Array(layoutSize(layout)), round: 0 };
    const { state, of } = controlIn(bytes, folder.name);
    if (!isOurs(of)) {
      throw new FederationError(
        `${folder.name} holds the control variate of "${of.participant}" in the federation ${of.job}, expected that of "${identity.participant}" in ${identity.job}`,
        { hint: 'take another folder' },
      );
    }
    return { own: state.data, round: of.round };
  }

  return {
    async load() {
      const text = await folder.read(RECORD);
      if (text === undefined) return undefined;
      const record = recordOf(text);
      if (record === undefined || !isOurs(record)) return undefined;
      const { announcement } = record;
      if (announcement.type !== 'update') return undefined;
      const files: Partial<Record<FileRole, Uint8Array<ArrayBuffer>>> = {};
      for (const role of roles) {
        const blob = announcement.update[role];
        if (blob === undefined) continue;
        const bytes = await folder.read(fileOf(role));
        // A file that was cut short or changed is trained again.
        if (bytes === undefined || (await sha256Hex(bytes)) !== blob.sha256) return undefined;
        files[role] = bytes;
      }
      return { announcement, files };
    },
    async keep({ announcement, files }) {
      for (const role of roles) {
        const bytes = files[role];
        if (bytes !== undefined) await folder.write(fileOf(role), bytes);
      }
      const record = JSON.stringify({ ...identity, announcement });
      await folder.write(RECORD, new TextEncoder().encode(`${record}\n`));
    },
    async count({ announcement: { round }, files: { control } }) {
      if (control === undefined) return;
      const before = await readControl();
      if (before.round >= round) return;
      const change = decodeSafetensors(control, fileOf('control')).state.data;
      const data = ownAfter(before.own, change);
      await folder.write(CONTROL, encodeSafetensors({ layout, data }, { ...identity, round: String(round) }));
    },
    isCounted: async ({ announcement }) => (await readControl()).round >= announcement.round,
    async forget() {
      await folder.remove(RECORD);
      for (const role of roles) await folder.remove(fileOf(role));
    },
    async ownControl(round) {
      const { own, round: after } = await readControl();
      if (after < round) return own;
      throw new FederationError(
        `${folder.name} holds the control variate of "${identity.participant}" after round ${after}, and round ${round} is asked for once more`,
        {
          hint: 'the run of the coordinator lacks rounds that there were: put them back, or start another run',
        },
      );
    },
  };
}

function recordOf(text: Uint8Array): z.output<typeof recordSchema> | undefined {
  try {
    return recordSchema.parse(JSON.parse(new TextDecoder().decode(text)));
  } catch {
    return undefined;
  }
}

function controlIn(bytes: Uint8Array, folder: string) {
  try {
    const { state, metadata } = decodeSafetensors(bytes, CONTROL);
    return { state, of: controlSchema.parse(metadata) };
  } catch (cause) {
    throw new FederationError(`${folder} holds a "${CONTROL}" that was changed or cut short`, {
      cause,
      hint: 'put back what was there: the run cannot be the same without it',
    });
  }
}

/** Where nothing is kept. A federation with control variates cannot be so. */
export const nothingKept: KeptWork = {
  load: async () => undefined,
  keep: async () => {},
  count: async () => {},
  isCounted: async () => true,
  forget: async () => {},
  async ownControl() {
    throw new Error('internal: control variates are kept nowhere');
  },
};
