/** A participant's end of a channel over NATS. Node only. */
import { setTimeout as delay } from 'node:timers/promises';
import { JetStreamApiError } from '@nats-io/jetstream';
import type { KvEntry } from '@nats-io/kv';
import type { z } from 'zod';
import { canonicalName } from '../../../base/names.js';
import type { Assignment } from '../../../protocol/assignment.js';
import { type Signed, signedSchema } from '../../../protocol/signed.js';
import { PROTOCOL_VERSION } from '../../../protocol/version.js';
import { type CoordinatorTrust, coordinatorVoice, SPOILED, SpoiledError } from '../../coordinator-voice.js';
import { TransportError } from '../../error.js';
import { latestValue } from '../../latest-value.js';
import type { Patience } from '../../patience.js';
import type { ParticipantEnd } from '../../transport.js';
import type { NatsAccess } from '../access.js';
import { openNats, untilThere } from '../connection.js';
import { closedError, explain, isFinal, reasonOf } from '../explain.js';
import { type Buckets, openLayout } from '../layout.js';
import {
  type BlobPlace,
  currentSchema,
  decode,
  encode,
  natsDescribedSchema,
  stateSchema,
} from '../messages.js';
import {
  CURRENT_KEY,
  descriptionKey,
  PROGRESS_BYTES,
  participantKey,
  progressSubject,
  STATE_BUCKET,
  stateKey,
  tokenOf,
} from '../names.js';
import { beat } from '../presence.js';
import { watchKey } from '../watch-key.js';
import { announcer } from './announce.js';
import { type BlobMover, objectStoreMover } from './nats-blobs.js';

export interface NatsParticipantOptions extends Patience, CoordinatorTrust {
  readonly name: string;
  readonly access?: NatsAccess;
  /** Moves blobs where the federation has a hub for them; `over` is aborted with the channel. */
  readonly hub?: (url: string, over: AbortSignal) => BlobMover;
  /** How often it says that it is there; the same as at the coordinator's end. */
  readonly beatMs?: number;
  /** After which an announcement without a receipt is said again, and the state is read again. */
  readonly retryMs?: number;
}

/** Of the coordinator's own messages. */
const MOST_BYTES = 1024 * 1024;

/**
 * Resolves once there is a federation, where `onTrouble` is told of the waiting.
 * @throws TransportError when there is none, it speaks another protocol, or does not expect the name; OtherKeyError when it has
 *   another key than the one given
 */
export async function joinNats(
  url: string,
  {
    name: givenName,
    access = {},
    hub,
    beatMs = 10_000,
    retryMs = 5000,
    coordinatorKey,
    onLeftOut,
    ...patience
  }: NatsParticipantOptions,
): Promise<ParticipantEnd> {
  const name = canonicalName(givenName);
  const token = tokenOf(name);
  const voice = coordinatorVoice({ coordinatorKey, onLeftOut });
  const who = { name: `commonweight participant ${name}`, inbox: `_INBOX_${token}` };
  const nats = await openNats(url, access, who, patience);
  const { connection } = nats;
  const closing = new AbortController();
  const { signal } = closing;
  let failure: TransportError | undefined;
  const closed = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  closed.catch(() => undefined);
  void connection.closed().then((error) => {
    // Such as credentials that were revoked: there is no use in connecting again.
    if (error instanceof Error && !signal.aborted) failure = explain(error, 'the connection was closed');
    closing.abort(failure ?? closedError());
  });
  const leave = () => closing.abort(closedError());
  patience.signal?.addEventListener('abort', leave, { once: true });
  try {
    const { state, presence, description, epoch, key, place } = await Promise.race([
      untilThere(
        () => nats.outages.through(readFederation),
        (error) => isMatterOfTime(error) || !isFinal(error),
        patience,
      ),
      closed,
    ]);
    const { job } = description;
    if (!description.participants.includes(name)) {
      throw new TransportError(`nats: "${name}" is not expected in this federation`, {
        hint: `take one of ${description.participants.join(', ')}`,
      });
    }
    const mover = await Promise.race([nats.outages.through(() => moverOf(place)), closed]);
    const assignments = latestValue<Assignment>();
    let [seen, said] = ['', ''];
    /** What is not the coordinator's is left out: the coordinator writes over it. */
    const see = (entry: KvEntry) => {
      const signed = read(signedSchema, entry, voice.leaveOut);
      if (signed === undefined || signed.signature === seen) return;
      seen = signed.signature;
      const assignment = voice.hear(signed, 'nats-state', stateSchema)?.assignment;
      if (assignment === undefined || !voice.isCurrent(assignment)) return;
      const text = JSON.stringify(assignment);
      if (text !== said) assignments.set(assignment);
      said = text;
    };
    await watchKey(nats, state, STATE_BUCKET, stateKey(job), see, retryMs, signal);
    signal.addEventListener('abort', () => assignments.end(failure), { once: true });
    await beat(nats, presence, participantKey(job, token), beatMs, signal);
    const announce = announcer(nats, job, token, retryMs, signal);
    patience.signal?.removeEventListener('abort', leave);
    return {
      description,
      coordinator: { key, isGiven: voice.isGiven, epoch },
      assignments: () => assignments.read(),
      announce: (announcement) => Promise.race([announce(announcement), closed]),
      tell(progress) {
        const data = encode(progress);
        if (data.length <= PROGRESS_BYTES && !connection.isClosed()) {
          connection.publish(progressSubject(job, token), data);
        }
      },
      upload: (bytes, known) => Promise.race([mover.upload(bytes, known), closed]),
      download: (blob) => Promise.race([mover.download(blob), closed]),
      async close() {
        closing.abort(closedError());
        if (connection.isClosed()) return;
        // So that nobody waits for the beat to be missed; a server that is away is not waited for.
        const leaving = presence.delete(participantKey(job, token)).catch(() => undefined);
        await Promise.race([leaving, delay(nats.waits.natsLeaveMs, undefined, { ref: false })]);
        await connection.close();
      },
    };

    async function readFederation() {
      try {
        const buckets = await openLayout(nats);
        const job = await readCurrent(buckets);
        const signed = await readDescription(buckets, job);
        const met = voice.meet(signed, 'nats-description', natsDescribedSchema);
        const { blobs: place, description, epoch } = met;
        return { ...buckets, place, description, epoch, key: signed.key };
      } catch (error) {
        throw isMissing(error) ? new NobodyThereError(url) : error;
      }
    }

    async function readCurrent({ state }: Buckets) {
      const entry = await state.get(CURRENT_KEY);
      if (entry === null) throw new NobodyThereError(url);
      const current = must(currentSchema, entry);
      if (current.protocol === PROTOCOL_VERSION) return current.job;
      throw new TransportError(
        `nats: the coordinator speaks protocol ${current.protocol}, this participant ${PROTOCOL_VERSION}`,
        { hint: 'install the same version of commonweight at all sites' },
      );
    }

    async function readDescription({ state }: Buckets, job: string): Promise<Signed> {
      const entry = await state.get(descriptionKey(job));
      if (entry === null) throw new NobodyThereError(url);
      return must(signedSchema, entry);
    }

    async function moverOf(at: BlobPlace) {
      if (at === 'object-store') return objectStoreMover(nats, job, token, signal);
      if (hub !== undefined) return hub(at.url, signal);
      throw new TransportError(`nats: blobs are moved by ${at.url}, but nothing here moves them by HTTP`);
    }
  } catch (error) {
    closing.abort(closedError());
    await connection.close();
    throw explain(error, `"${name}" cannot join`);
  }
}

class NobodyThereError extends TransportError {
  constructor(url: string) {
    super(`nats: no federation has been started at ${url}`, {
      hint: 'start the coordinator first: commonweight serve federation.yaml --nats URL',
    });
  }
}

/** The value of a key, or nothing where somebody has spoiled it. */
function read<Value>(schema: z.ZodType<Value>, entry: KvEntry, leaveOut: (problem: string) => void) {
  try {
    return decode(schema, entry.value, MOST_BYTES);
  } catch (error) {
    leaveOut(`the key ${entry.key} ${reasonOf(error)}`);
    return undefined;
  }
}

/** @throws SpoiledError */
function must<Value>(schema: z.ZodType<Value>, entry: KvEntry): Value {
  let problem = '';
  const value = read(schema, entry, (what) => {
    problem = what;
  });
  if (value === undefined) throw new SpoiledError(`nats: ${problem}`, SPOILED);
  return value;
}

/** What lies there and is not the coordinator's, it writes over where it is at work. */
const isMatterOfTime = (error: unknown) => error instanceof NobodyThereError || error instanceof SpoiledError;

const isMissing = (error: unknown) => error instanceof JetStreamApiError && error.status === 404;
