/**
 * The coordinator's end of a channel over NATS. The coordinator takes the lead (`take-lead.ts`),
 * reads its journal, and opens this end. The description and the current assignment are in keys.
 * Announcements come from a stream, and blobs from the object store or by HTTP from a hub. Node
 * only.
 */
import type { Announcement, Receipt } from '../../../protocol/announcement.js';
import type { Assignment } from '../../../protocol/assignment.js';
import { blobsOfAnnouncement } from '../../../protocol/named-blobs.js';
import { broughtBlobs } from '../../brought.js';
import { type Log, silentLog } from '../../log.js';
import type { BlobFolder, CoordinatorEnd, SigningHandlers } from '../../transport.js';
import { explain } from '../explain.js';
import type { BlobChannel } from '../messages.js';
import { tokenOf } from '../names.js';
import { watchPresence } from '../presence.js';
import { publishDescription } from './described-keys.js';
import { hearAnnouncements } from './hear.js';
import { hearProgress } from './hear-progress.js';
import type { NatsLead } from './lead.js';
import { type ObjectStoreEnd, objectStoreEnd } from './object-store-end.js';

export interface NatsCoordinatorOptions {
  readonly blobs: BlobFolder;
  /**
   * Where participants move blobs: the object store by default, or the URL of a hub with the same
   * folder of blobs.
   */
  readonly blobPlace?: BlobChannel;
  readonly maximumBlobBytes?: number;
  /** The log for the operator: messages that cannot be read, and failures that are tried again. */
  readonly log?: Log;
}

/** @throws FencedError, TransportError */
export async function openNatsCoordinator(
  handlers: SigningHandlers,
  lead: NatsLead,
  options: NatsCoordinatorOptions,
): Promise<CoordinatorEnd & { readonly epoch: number }> {
  const { blobs, blobPlace = 'object-store', log = silentLog } = options;
  const { nats, buckets, job, signal } = lead;
  const participants = new Map(handlers.description.participants.map((name) => [tokenOf(name), name]));
  const warn = warnings(participants, log);
  lead.onFenced((error) => handlers.onFenced?.(error));
  try {
    const objects =
      blobPlace === 'object-store'
        ? await openObjects(handlers, lead, options, participants, warn)
        : undefined;
    await publishDescription(handlers, lead, blobPlace);
    const tell = (name: string, present: boolean) => handlers.onPresence?.(name, present);
    const { seen } = await watchPresence(
      nats,
      buckets.presence,
      job,
      participants,
      lead.beatMs,
      tell,
      signal,
    );
    hearProgress({
      ...{ lead, participants, warn },
      onProgress(name, progress) {
        seen(name);
        handlers.onProgress?.(name, progress);
      },
    });
    hearAnnouncements({
      ...{ lead, participants, warn },
      receive(name, announcement) {
        seen(name);
        return receive(handlers, objects, name, announcement);
      },
    });
    return { blobs, epoch: lead.epoch, publish: publisher(lead, objects), close: () => lead.close() };
  } catch (error) {
    await lead.close();
    throw explain(error, `the coordinator of ${job} cannot be opened`);
  }
}

/** The most lines about one participant. */
const WARNINGS = 10;

function warnings(participants: ReadonlyMap<string, string>, log: Log) {
  const counts = new Map<string, number>();
  return (token: string, message: string) => {
    const who = participants.get(token) ?? 'somebody who is not expected';
    const count = (counts.get(who) ?? 0) + 1;
    counts.set(who, count);
    if (count <= WARNINGS) log.warn({ participant: who }, `nats: ${who}: ${message}`);
    if (count === WARNINGS) log.warn({ participant: who }, `nats: ${who}: more of that is not said`);
  };
}

/** The object store, with what the description names already in it. */
async function openObjects(
  handlers: SigningHandlers,
  lead: NatsLead,
  { blobs, maximumBlobBytes = 2 ** 31 }: NatsCoordinatorOptions,
  participants: ReadonlyMap<string, string>,
  warn: (token: string, message: string) => void,
): Promise<ObjectStoreEnd> {
  const objects = await objectStoreEnd({
    ...{ lead, blobs, description: handlers.description, participants, warn },
    maximumBytes: maximumBlobBytes,
    holds: (sha256) => handlers.holds?.(sha256) ?? false,
    brought: handlers.brought ?? broughtBlobs(),
    mend: async (sha256) => handlers.onDamaged?.(sha256),
  });
  await lead.nats.outages.untilDone('the plan', (lost) => objects.offer(undefined, lost), lead.signal);
  return objects;
}

async function receive(
  handlers: SigningHandlers,
  objects: ObjectStoreEnd | undefined,
  name: string,
  announcement: Announcement,
): Promise<Receipt> {
  const named = blobsOfAnnouncement(announcement);
  // If a blob is in neither place, the receiver of the announcement notices it.
  for (const blob of named) await objects?.fetch(tokenOf(name), blob);
  const settle = objects?.claim(named);
  let receipt: Receipt | undefined;
  try {
    receipt = await handlers.receive(name, announcement);
    return receipt;
  } finally {
    settle?.(receipt?.accepted === true);
  }
}

/** Publishes one assignment after the other, each when the blobs that it names are in the store. */
function publisher({ nats, signal, publish }: NatsLead, objects: ObjectStoreEnd | undefined) {
  let publishing: Promise<unknown> = Promise.resolve();

  async function publishNext(assignment: Assignment): Promise<void> {
    if (objects !== undefined && !signal.aborted) {
      await nats.outages
        .untilDone('the models', (lost) => objects.offer(assignment, lost), signal)
        .catch((error: unknown) => {
          // A coordinator that was fenced meanwhile must get that error.
          if (!signal.aborted) throw error;
        });
    }
    await publish(assignment);
    // Blobs that could not be removed are removed with the next assignment.
    await objects?.forget(assignment).catch(() => undefined);
  }

  return (assignment: Assignment): Promise<void> => {
    const published = publishing.then(() => publishNext(assignment));
    publishing = published.catch(() => undefined);
    return published;
  };
}
