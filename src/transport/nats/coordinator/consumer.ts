/**
 * The consumer by which an epoch hears announcements. Each epoch has its own. So the
 * acknowledgements of a fenced coordinator belong to a consumer that the server does not know any
 * more. Node only.
 */
import { AckPolicy } from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import type { Nats } from '../connection.js';
import type { Buckets } from '../layout.js';
import { ANNOUNCEMENTS, announcementSubject } from '../names.js';
import { readState, type StateOwner } from '../state.js';
import { fencedBy } from './fence.js';

/**
 * After which an announcement that was heard, but not answered, is heard again under the same lead.
 */
export const HEARD_AGAIN_MS = 5000;

export const consumerName = (job: string, epoch: number) => `${job}-${epoch}`;

/** Makes that of an epoch; the one before goes first, since two may not hear the same. */
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
    // One of the epoch before came into being after the look at the list, or the server was away:
    // once more.
    throw new Error('the consumer was not made', { cause: error });
  }
}
