/**
 * The open files of a coordinator whose participants are on other machines: the blobs that
 * participants send and fetch, the second copies of files that the next round needs, the store over
 * both, and the description that all agree to. Node only.
 */
import { join } from 'node:path';
import { tokenizerFile } from '../../data/text/node/open-tokenizer.js';
import type { Description } from '../../protocol/description.js';
import { blobFolder } from '../../transport/blob-folder.js';
import type { BlobFolder } from '../../transport/transport.js';
import { describeFederation } from '../plan/description.js';
import { versionsOfThis } from '../plan/node/versions.js';
import { type TwoCopies, twoCopies } from '../record/two-copies.js';
import type { RunStore } from '../rounds/run-store.js';
import type { KeptDetails } from '../watch/kept-details.js';
import { shownDetails } from '../watch/live-view.js';
import { type DownloadableBlobs, giveBlobs } from './downloadable-blobs.js';
import type { LedFolder } from './led-folder.js';
import { receivingStore } from './received-store.js';
import type { PreparedService } from './setup/prepared-service.js';

export interface ServedRecord {
  readonly blobs: BlobFolder;
  readonly given: DownloadableBlobs;
  readonly copies: TwoCopies;
  readonly store: RunStore;
  /** The measurements of the rounds, for observers. */
  readonly details: KeptDetails;
  readonly description: Description;
  /** The version of this package. */
  readonly version: string | undefined;
}

interface RecordOptions {
  readonly out: string;
  /** Whether to offer the plan although participants can compile it. */
  readonly offerPlan?: boolean | undefined;
  readonly onNotice?: ((notice: string) => void) | undefined;
}

export async function openRecord(
  { configuration, compiled, participants, isGiven }: PreparedService,
  { folder, job, led }: LedFolder,
  { out, offerPlan, onNotice }: RecordOptions,
): Promise<ServedRecord> {
  const blobs = await blobFolder(join(out, 'blobs'));
  const tokenizer = await tokenizerFile(configuration.data);
  const given = await giveBlobs(blobs, compiled, isGiven, { offerPlan, tokenizer });
  const copies = twoCopies({ path: out, blobs, given: given.bytesOf, onMended: onNotice });
  const { store, details } = await shownDetails(out, led(receivingStore(folder, blobs, copies)));
  const version = versionsOfThis().commonweight;
  const description = await describeFederation(compiled, {
    ...{ job, participants, version, foreignPlan: given.plan, frozen: given.frozen },
    ...{ own: given.own, tokenizer: given.tokenizer },
  });
  return { blobs, given, copies, store, details, description, version };
}
