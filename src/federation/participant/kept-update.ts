/**
 * What a participant keeps of its own work between two starts: its last update until it trains for another round, so that it
 * is not trained twice, and SCAFFOLD's c_k, which never leaves the participant. c_k follows an update that counted, and no
 * other: the coordinator's c is the mean of all c_k only so.
 *
 *     update.json                 which round, base and plan it is of, what is told about it, its files' SHA-256
 *     update-*.safetensors        the files that travel
 *     own-control-*               c_k of the last rounds (own-controls.ts)
 */
import { z } from 'zod';
import { sha256Hex } from '../../base/sha256.js';
import { type Announcement, announcementSchema } from '../../protocol/announcement.js';
import type { Blob } from '../../protocol/blob-name.js';
import type { StateLayout } from '../../tensor/state-dict.js';
import { ownControls, type Rollbacks } from './own-controls.js';
import type { Identity, ParticipantFolder } from './participant-files.js';

export type UpdateAnnouncement = Extract<Announcement, { type: 'update' }>;

type FileRole = 'state' | 'control' | 'fisher';
const roles: readonly FileRole[] = ['state', 'control', 'fisher'];

/** A trained update, ready to be handed in. */
export interface FinishedUpdate {
  readonly announcement: UpdateAnnouncement;
  readonly files: Readonly<Partial<Record<FileRole, Uint8Array<ArrayBuffer>>>>;
}

export interface KeptWork {
  /** The update that was kept last, if it is whole and of this federation. */
  load(): Promise<FinishedUpdate | undefined>;
  keep(update: FinishedUpdate): Promise<void>;
  /** It counts: c_k follows it, once, however often this is said. */
  count(update: FinishedUpdate, rollbacks: Rollbacks): Promise<void>;
  /** Whether c_k has followed it. */
  isCounted(update: FinishedUpdate): Promise<boolean>;
  /** It is needed no more. */
  forget(): Promise<void>;
  /** c_k before a round: see `OwnControls`. */
  ownControl(round: number, rollbacks: Rollbacks): Promise<Float32Array>;
}

const RECORD = 'update.json';
const fileOf = (role: FileRole) => `update-${role}.safetensors`;

const identityShape = { job: z.string(), participant: z.string(), plan: z.string() };
const recordSchema = z.strictObject({ ...identityShape, announcement: announcementSchema });

export async function blobOf(bytes: Uint8Array<ArrayBuffer>): Promise<Blob> {
  return { sha256: await sha256Hex(bytes), bytes: bytes.length };
}

/** @param keep how many rounds an operator can go back */
export function keptWork(
  folder: ParticipantFolder,
  identity: Identity,
  { layout, keep }: { readonly layout: StateLayout; readonly keep: number },
): KeptWork {
  const controls = ownControls(folder, identity, { layout, keep });
  const isOurs = (other: Identity) =>
    other.job === identity.job && other.participant === identity.participant && other.plan === identity.plan;

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
    async count({ announcement: { round, update }, files: { control: change } }, rollbacks) {
      if (change !== undefined)
        await controls.follow({ round, sha256: update.state.sha256, change }, rollbacks);
    },
    isCounted: ({ announcement: { round, update } }) =>
      controls.hasFollowed({ round, sha256: update.state.sha256 }),
    async forget() {
      await folder.remove(RECORD);
      for (const role of roles) await folder.remove(fileOf(role));
    },
    ownControl: controls.before,
  };
}

function recordOf(text: Uint8Array): z.output<typeof recordSchema> | undefined {
  try {
    return recordSchema.parse(JSON.parse(new TextDecoder().decode(text)));
  } catch {
    return undefined;
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
