/**
 * The consumer by which the coordinator of an epoch receives announcements. Each epoch has its own.
 * So the acknowledgements of a fenced coordinator belong to a consumer that no longer exists. Node
 * only.
 */
import { AckPolicy } from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import type { Nats } from '../connection.js';
import type { Buckets } from '../layout.js';
import { ANNOUNCEMENTS, announcementSubject } from '../names.js';
import { readState, type StateOwner } from '../state.js';
import { fencedBy } from './fence.js';

/** The time after which an announcement that was received but not answered is delivered again. */
export const HEARD_AGAIN_MS = 5000;

export const consumerName = (job: string, epoch: number) => `${job}-${epoch}`;

/**
 * Makes the consumer of an epoch. The one before is deleted first, since two cannot receive the
 * same announcements.
 */
export async function replaceConsumer(
  { manager }: Nats,
  owner: StateOwner,
  epoch: number,
  { state }: Buckets,
): Promise<void> {
  const { job } = owner;
  for await (const { name } of manager.consumers.list(ANNOUNCEMENTS)) {
    const [of, theirs] = name.split('-');
    if (of === job && Number(theirs) < epoch)
      await manager.consumers.delete(ANNOUNCEMENTS, name).catch(() => false);
  }
  try {
    await manager.consumers.add(ANNOUNCEMENTS, {
      durable_name: consumerName(job, epoch),
      filter_subject: announcementSubject(job, '*', '*', '*'),
      ack_policy: AckPolicy.Explicit,
      ack_wait: nanos(HEARD_AGAIN_MS),
      max_ack_pending: 256,
    });
  } catch (error) {
    const now = await readState(state, owner);
    if (now.state !== undefined && now.state.epoch > epoch) throw fencedBy(job, now.state.epoch);
    // An older consumer appeared after the list was read, or the server was away: try again.
    throw new Error('the consumer was not made', { cause: error });
  }
}
