/**
 * Coordinator and participants in one process: the transport as plain calls. For tests, and for programs that bring their
 * own participants. Blobs lie in a folder as with the others.
 */

import { canonicalName } from '../base/names.js';
import type { Assignment } from '../protocol/assignment.js';
import { FencedError, NoBlobError, TransportError } from './error.js';
import { latestValue } from './latest-value.js';
import type { BlobFolder, CoordinatorEnd, ParticipantEnd, Reception } from './transport.js';

export interface InProcess {
  /** A later coordinator takes the place of the one before. */
  openCoordinator(reception: Reception, blobs: BlobFolder): CoordinatorEnd;
  /** @throws TransportError when no coordinator has been there yet, or it does not know the participant. */
  openParticipant(name: string): ParticipantEnd;
}

interface Coordinator {
  readonly reception: Reception;
  readonly blobs: BlobFolder;
}

export function inProcess(): InProcess {
  const current = latestValue<Coordinator>();
  const assignment = latestValue<Assignment>();
  let coordinator: Coordinator | undefined;
  const present = new Set<string>();
  return {
    openCoordinator(reception, blobs) {
      const mine = { reception, blobs };
      coordinator?.reception.onFenced?.(new FencedError('transport: another coordinator has taken over'));
      coordinator = mine;
      current.set(mine);
      for (const name of present) reception.onPresence?.(name, true);
      return {
        blobs,
        async publish(next) {
          if (coordinator !== mine && coordinator !== undefined) {
            throw new FencedError('transport: another coordinator has taken over');
          }
          assignment.set(next);
        },
        async close() {
          if (coordinator === mine) coordinator = undefined;
        },
      };
    },
    openParticipant(givenName) {
      const name = canonicalName(givenName);
      const description = coordinator?.reception.description;
      if (description === undefined) throw new TransportError('transport: there is no coordinator yet');
      if (!description.participants.includes(name)) {
        throw new TransportError(`transport: "${name}" is not expected in this federation`, {
          hint: `take one of ${description.participants.join(', ')}`,
        });
      }
      return participantEnd(name);
    },
  };

  function participantEnd(name: string): ParticipantEnd {
    const { description } = (coordinator as Coordinator).reception;
    const mine = latestValue<Assignment>();
    const closing = new AbortController();
    const { signal } = closing;
    void follow(assignment.read(), mine.set, signal);
    present.add(name);
    coordinator?.reception.onPresence?.(name, true);
    const closed = new Promise<never>((_, reject) => {
      const fail = () => reject(new TransportError('transport: the channel is closed'));
      signal.addEventListener('abort', fail, { once: true });
    });
    closed.catch(() => undefined);
    /** The coordinator of the moment is asked, and whoever takes its place before it has answered. */
    const asking = async <Result>(of: (coordinator: Coordinator) => Promise<Result>): Promise<Result> => {
      for await (const one of current.read()) {
        if (one !== coordinator) continue;
        const result = await of(one);
        if (one === coordinator) return result;
      }
      throw new Error('internal: coordinators have come to an end');
    };
    const ask = <Result>(of: (coordinator: Coordinator) => Promise<Result>) =>
      Promise.race([asking(of), closed]);
    let announcing: Promise<unknown> = Promise.resolve();
    return {
      description,
      assignments: () => mine.read(),
      announce(announcement) {
        const receipt = announcing.then(() => ask(({ reception }) => reception.receive(name, announcement)));
        announcing = receipt.catch(() => undefined);
        return receipt;
      },
      tell: (progress) => coordinator?.reception.onProgress?.(name, progress),
      upload: (bytes) =>
        ask(async ({ blobs, reception }) => {
          const blob = await blobs.put(bytes);
          reception.brought?.add(name, blob.sha256);
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
        coordinator?.reception.onPresence?.(name, false);
      },
    };
  }
}

async function follow<Value>(values: AsyncIterable<Value>, see: (value: Value) => void, signal: AbortSignal) {
  for await (const value of values) {
    if (signal.aborted) return;
    see(value);
  }
}
