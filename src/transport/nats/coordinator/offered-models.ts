/**
 * The models that all participants may read from the object store: those that the description
 * names, and those of the current assignment and the one before. Node only.
 */
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import type { Assignment } from '../../../protocol/assignment.js';
import type { Blob } from '../../../protocol/blob-name.js';
import { blobsOfAssignment } from '../../../protocol/named-blobs.js';
import type { BlobFolder } from '../../transport.js';
import { objectName } from '../names.js';
import { CHUNK_BYTES, type Store } from '../object-store.js';

export interface OfferedModels {
  /** Puts the blobs that the description and the assignment name into the store. */
  offer(assignment: Assignment | undefined, lost: AbortSignal): Promise<void>;
  /** Removes blobs that neither the description nor the last two assignments name. */
  forget(assignment: Assignment): Promise<void>;
}

export interface OfferOptions {
  readonly lead: { readonly job: string };
  readonly blobs: BlobFolder;
  /** Repairs a blob that is to be offered. */
  mend(sha256: string): Promise<void>;
}

/** @param always the blobs that the description names */
export function offeredModels(
  { lead, blobs, mend }: OfferOptions,
  models: Store,
  always: readonly Blob[],
): OfferedModels {
  let named: readonly Blob[] = [];
  return {
    async offer(assignment, lost) {
      const of = assignment === undefined ? [] : blobsOfAssignment(assignment);
      for (const { sha256, bytes } of [...always, ...of]) {
        const name = objectName(lead.job, sha256);
        if (await models.has(name, bytes)) continue;
        if (!(await blobs.isSound(sha256))) await mend(sha256);
        const file = createReadStream(blobs.pathOf(sha256), { highWaterMark: CHUNK_BYTES, signal: lost });
        await models.put(name, Readable.toWeb(file) as ReadableStream<Uint8Array>);
      }
    },
    async forget(assignment) {
      const now = blobsOfAssignment(assignment);
      if (now.length === 0) return;
      const kept = new Set([...always, ...named, ...now].map(({ sha256 }) => objectName(lead.job, sha256)));
      named = now;
      for (const name of await models.names()) {
        if (name.startsWith(objectName(lead.job, '')) && !kept.has(name)) await models.remove(name);
      }
    },
  };
}
