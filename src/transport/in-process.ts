/**
 * A transport of plain calls, with coordinator and participants in one process. It is for tests,
 * and for programs that bring their own participants. Blobs lie in a folder as with the other
 * transports.
 */

import { canonicalName } from '../base/names.js';
import type { Assignment } from '../protocol/assignment.js';
import type { Description } from '../protocol/description.js';
import { FencedError, NoBlobError, TransportError } from './error.js';
import { type LatestValue, latestValue } from './latest-value.js';
import type { BlobFolder, CoordinatorEnd, CoordinatorHandlers, ParticipantEnd } from './transport.js';

export interface InProcess {
  /** A later coordinator replaces the one before. */
  openCoordinator(handlers: CoordinatorHandlers, blobs: BlobFolder): CoordinatorEnd;
  /**
   * @throws TransportError when no coordinator has been there yet, or it does not know the
   *   participant.
   */
  openParticipant(name: string): ParticipantEnd;
}

interface Coordinator {
  readonly handlers: CoordinatorHandlers;
  readonly blobs: BlobFolder;
}

/** The participants that are there, and the last assignment. */
interface Meeting {
  /** The current coordinator, for readers that wait for the next one. */
  readonly coordinators: LatestValue<Coordinator>;
  /** Undefined once the coordinator has closed its end. */
  coordinator: Coordinator | undefined;
  readonly assignment: LatestValue<Assignment>;
  readonly present: Set<string>;
}

export function inProcess(): InProcess {
  const meeting: Meeting = {
    coordinators: latestValue(),
    coordinator: undefined,
    assignment: latestValue(),
    present: new Set(),
  };
  return {
    openCoordinator: (handlers, blobs) => coordinatorEnd(meeting, { handlers, blobs }),
    openParticipant(givenName) {
      const name = canonicalName(givenName);
      const description = meeting.coordinator?.handlers.description;
      if (description === undefined) throw new TransportError('transport: there is no coordinator yet');
      if (!description.participants.includes(name)) {
        throw new TransportError(`transport: "${name}" is not expected in this federation`, {
          hint: `take one of ${description.participants.join(', ')}`,
        });
      }
      return participantEnd(meeting, name, description);
    },
  };
}

function coordinatorEnd(meeting: Meeting, mine: Coordinator): CoordinatorEnd {
  const { handlers, blobs } = mine;
  const fenced = () => new FencedError('transport: another coordinator has taken over');
  meeting.coordinator?.handlers.onFenced?.(fenced());
  meeting.coordinator = mine;
  meeting.coordinators.set(mine);
  for (const name of meeting.present) handlers.onPresence?.(name, true);
  return {
    blobs,
    async publish(next) {
      if (meeting.coordinator !== mine && meeting.coordinator !== undefined) throw fenced();
      meeting.assignment.set(next);
    },
    async close() {
      if (meeting.coordinator === mine) meeting.coordinator = undefined;
    },
  };
}

function participantEnd(meeting: Meeting, name: string, description: Description): ParticipantEnd {
  const { present, assignment } = meeting;
  const handlers = () => meeting.coordinator?.handlers;
  const mine = latestValue<Assignment>();
  const closing = new AbortController();
  const { signal } = closing;
  void follow(assignment.read(), mine.set, signal);
  present.add(name);
  handlers()?.onPresence?.(name, true);
  const closed = new Promise<never>((_, reject) => {
    const fail = () => reject(new TransportError('transport: the channel is closed'));
    signal.addEventListener('abort', fail, { once: true });
  });
  closed.catch(() => undefined);
  const ask = <Result>(of: (coordinator: Coordinator) => Promise<Result>) =>
    Promise.race([askCurrent(meeting, of), closed]);
  let announcing: Promise<unknown> = Promise.resolve();
  return {
    description,
    assignments: () => mine.read(),
    announce(announcement) {
      const receipt = announcing.then(() => ask(({ handlers }) => handlers.receive(name, announcement)));
      announcing = receipt.catch(() => undefined);
      return receipt;
    },
    tell: (progress) => handlers()?.onProgress?.(name, progress),
    upload: (bytes) =>
      ask(async ({ blobs, handlers }) => {
        const blob = await blobs.put(bytes);
        handlers.brought?.add(name, blob.sha256);
        return blob;
      }),
    download: ({ sha256 }) =>
      ask(async ({ blobs }) => {
        if (await blobs.has(sha256)) return blobs.get(sha256);
        throw new NoBlobError(`transport: there is no blob ${sha256.slice(0, 12)}…`);
      }),
    async close() {
      closing.abort();
      mine.end();
      present.delete(name);
      handlers()?.onPresence?.(name, false);
    },
  };
}

/** Asks the present coordinator, and the next one if it takes over before the answer. */
async function askCurrent<Result>(
  meeting: Meeting,
  of: (coordinator: Coordinator) => Promise<Result>,
): Promise<Result> {
  for await (const one of meeting.coordinators.read()) {
    if (one !== meeting.coordinator) continue;
    const result = await of(one);
    if (one === meeting.coordinator) return result;
  }
  throw new Error('internal: coordinators have come to an end');
}

async function follow<Value>(values: AsyncIterable<Value>, see: (value: Value) => void, signal: AbortSignal) {
  for await (const value of values) {
    if (signal.aborted) return;
    see(value);
  }
}
