/**
 * A coordinator's lead of a job. The coordinator whose epoch is in the key of the state leads.
 * Everything that is published under a lead is a compare-and-set of that one key (`led-state.ts`).
 * So a fenced coordinator can write nothing more, however late it wakes. Announcements are fenced
 * as well (`consumer.ts`); the next leader receives those that were not acknowledged. Node only.
 */
import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Assignment } from '../../../protocol/assignment.js';
import type { Signer } from '../../../protocol/signed.js';
import type { FencedError } from '../../error.js';
import { rarely } from '../../rarely.js';
import type { Nats } from '../connection.js';
import type { Buckets } from '../layout.js';
import { encode } from '../messages.js';
import { ANNOUNCEMENTS, leaderKey } from '../names.js';
import { consumerName } from './consumer.js';
import { openFence } from './fence.js';
import { ledState, type WonState } from './led-state.js';

/** A lead: everything that a coordinator does on the server belongs to one. */
export interface NatsLead {
  readonly job: string;
  readonly signer: Signer;
  /** The number of the lead: from 1, larger with every coordinator that takes the lead. */
  readonly epoch: number;
  readonly nats: Nats;
  readonly buckets: Buckets;
  readonly beatMs: number;
  /** The name of the consumer of announcements under this lead. */
  readonly consumer: string;
  /** Aborted when the lead ends, because it is fenced or closed. */
  readonly signal: AbortSignal;
  /** Calls back once, at once if it has happened already. */
  onFenced(act: (error: FencedError) => void): void;
  /** @throws FencedError when another has taken the lead */
  publish(assignment: Assignment): Promise<void>;
  /** Reports in words what another client has overwritten. */
  spoiled(what: string): void;
  close(): Promise<void>;
}

export interface HoldLeadOptions {
  readonly nats: Nats;
  readonly signer: Signer;
  readonly buckets: Buckets;
  readonly beatMs: number;
  readonly leaderBeatMs: number;
  readonly onSpoiled: ((what: string) => void) | undefined;
}

export function holdLead(
  { nats, signer, buckets, beatMs, leaderBeatMs, onSpoiled }: HoldLeadOptions,
  won: WonState,
): NatsLead {
  const { job } = signer;
  const { epoch } = won.state;
  const spoiled = rarely(onSpoiled);
  const ending = new AbortController();
  const { signal } = ending;
  // More than ten listeners are no leak here: one for each watched key and pending request.
  setMaxListeners(50, signal);
  const fence = openFence(job, () => ending.abort());
  const state = ledState({ nats, signer, buckets, fence, signal, spoiled }, won);
  const say = (left: boolean) => buckets.presence.put(leaderKey(job), encode({ epoch, left }));
  const beat = () => void say(false).catch(() => undefined);
  beat();
  const beating = setInterval(beat, leaderBeatMs);
  signal.addEventListener('abort', () => clearInterval(beating));
  const consumer = consumerName(job, epoch);
  return {
    ...{ job, signer, spoiled, epoch, nats, buckets, beatMs, consumer, signal },
    onFenced: (act) => fence.onRaised(act),
    publish: (assignment) => state.publish(assignment),
    async close() {
      const closed = signal.aborted;
      ending.abort();
      if (!closed && !nats.connection.isClosed()) {
        // Both only shorten the wait of the next leader, so a failure is ignored and a server that
        // is away is not waited for.
        const leaving = Promise.allSettled([
          say(true),
          nats.manager.consumers.delete(ANNOUNCEMENTS, consumer),
        ]);
        await Promise.race([leaving, delay(1000, undefined, { ref: false })]);
      }
      await nats.close();
    },
  };
}
