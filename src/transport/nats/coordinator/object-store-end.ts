/**
 * The coordinator's end of the object store. Blobs of participants are fetched into the blob
 * folder, checked, and removed from the store. Blobs that an assignment names are put there for all
 * participants. Node only.
 */
import type { Blob } from '../../../protocol/blob-name.js';
import type { Description } from '../../../protocol/description.js';
import { blobsOfDescription } from '../../../protocol/named-blobs.js';
import { pendingBlobs, type SettleClaim } from '../../pending-blobs.js';
import { MODELS_BUCKET, uploadsBucket } from '../names.js';
import { openStore, type Store } from '../object-store.js';
import { answerBlobQuestions } from './blob-questions.js';
import { blobFetcher, type FetchBlob, type FetchOptions } from './fetch-blobs.js';
import { type OfferedModels, offeredModels } from './offered-models.js';

/** The bytes of each participant's blobs that are fetched and not announced: as at the hub. */
const PENDING_BYTES = 2 ** 33;
const PENDING_BLOBS = 64;

export interface ObjectStoreOptions extends Omit<FetchOptions, 'uploads' | 'pending'> {
  readonly description: Description;
  /** Whether the run refers to this blob. */
  holds(sha256: string): boolean;
  /** Repairs a blob that is to be offered. */
  mend(sha256: string): Promise<void>;
}

export interface ObjectStoreEnd extends OfferedModels {
  readonly fetch: FetchBlob;
  /** Marks blobs as in use. */
  claim(of: readonly Blob[]): SettleClaim;
}

/** Makes the stores, and answers participants that ask whether a blob has arrived. */
export async function objectStoreEnd(options: ObjectStoreOptions): Promise<ObjectStoreEnd> {
  const { lead, description, participants, holds } = options;
  const models = await openStore(lead.nats, MODELS_BUCKET, true);
  const uploads = new Map<string, Store>();
  for (const token of participants.keys())
    uploads.set(token, await openStore(lead.nats, uploadsBucket(token), true));
  const always = blobsOfDescription(description);
  const isGiven = (sha256: string) => always.some((each) => each.sha256 === sha256);
  const pending = pendingBlobs(PENDING_BYTES, PENDING_BLOBS, (sha256) => isGiven(sha256) || holds(sha256));
  const fetch = blobFetcher({ ...options, uploads, pending });
  answerBlobQuestions(options, fetch);
  return {
    fetch,
    claim: (of) => pending.claim(of.map(({ sha256 }) => sha256)),
    ...offeredModels(options, models, always),
  };
}
