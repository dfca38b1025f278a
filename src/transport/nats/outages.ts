/**
 * Repeats requests through outages. Requests fail while a server restarts or elects another leader,
 * so they are repeated as soon as the server is back. A request on a lost connection is not waited
 * for.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { type NatsConnection, TimeoutError } from '@nats-io/transport-node';
import type { Patience } from '../patience.js';
import { closedError, explain, isFinal } from './explain.js';

export interface Outages {
  /**
   * Begins again after each outage. For opening a channel, where the silence of a connected server
   * is an answer.
   * @throws any other error
   */
  through<Result>(act: () => Promise<Result>): Promise<Result>;
  /**
   * Tries until it works. When the connection is lost, the signal of a try is aborted, and the try
   * must end.
   * @throws TransportError when `signal` is aborted, or trying again would not help
   */
  untilDone<Result>(
    what: string,
    act: (lost: AbortSignal) => Promise<Result>,
    signal: AbortSignal,
  ): Promise<Result>;
  /** Calls back after every reconnection, until `signal` is aborted. */
  onReconnect(act: () => void, signal: AbortSignal): void;
  /** Calls back again and again while there is no connection, until `signal` is aborted. */
  whileAway(act: () => void, signal: AbortSignal): void;
}

const PAUSE_MS = 250;

class Lost extends Error {}

export function outages(connection: NatsConnection, url: string, patience: Patience): Outages {
  const { onTrouble, onConnected } = patience;
  const listeners: Listeners = { lost: new Set(), found: new Set(), trying: new Set() };
  const state = { away: false };
  void watchStatus(connection, url, patience, listeners, state);
  const back = (signal?: AbortSignal) => once(listeners.found, signal);
  return {
    async through(act) {
      for (;;) {
        try {
          return await unlessLost(listeners.lost, act);
        } catch (error) {
          if (connection.isClosed() || !(state.away || error instanceof Lost)) throw error;
          if (state.away) await back();
        }
      }
    },
    async untilDone(what, act, signal) {
      let silent = false;
      for (;;) {
        if (signal.aborted) throw closedError();
        try {
          const result = await unlessLost(listeners.lost, act);
          if (silent) onConnected?.();
          return result;
        } catch (error) {
          if (signal.aborted) throw closedError();
          if (isFinal(error)) throw explain(error, what);
          if (!state.away && error instanceof TimeoutError) {
            silent = true;
            onTrouble?.(`nats: ${what}: nothing was heard in time`);
          }
          await (state.away ? back(signal) : delay(PAUSE_MS, undefined, { signal }).catch(() => undefined));
        }
      }
    },
    onReconnect: (act, signal) => listen(listeners.found, act, signal),
    whileAway(act, signal) {
      for (const each of Object.values(listeners)) listen(each, act, signal);
    },
  };
}

/** The listeners for a lost connection, a new one, and a new try. */
type Listeners = Readonly<Record<'lost' | 'found' | 'trying', Set<() => void>>>;

async function watchStatus(
  connection: NatsConnection,
  url: string,
  { onTrouble, onConnected }: Patience,
  { lost, found, trying }: Listeners,
  state: { away: boolean },
): Promise<void> {
  for await (const { type } of connection.status()) {
    if (type === 'disconnect') {
      state.away = true;
      onTrouble?.(`nats: the connection to ${url} was lost`);
      tell(lost);
    } else if (type === 'reconnect') {
      state.away = false;
      onConnected?.();
      tell(found);
    } else if (type === 'reconnecting') tell(trying);
  }
  // The connection is closed for good, so nobody may wait for it.
  tell(found);
}

function tell(listeners: Set<() => void>): void {
  for (const listener of [...listeners]) listener();
}

function listen(listeners: Set<() => void>, act: () => void, signal: AbortSignal): void {
  if (signal.aborted) return;
  listeners.add(act);
  signal.addEventListener('abort', () => listeners.delete(act), { once: true });
}

/** Resolves at the next event, or when the signal is aborted. */
function once(listeners: Set<() => void>, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      listeners.delete(done);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    listeners.add(done);
    signal?.addEventListener('abort', done);
  });
}

/** Waits for a request, but only until the connection is lost. @throws Lost */
function unlessLost<Result>(
  losing: Set<() => void>,
  act: (lost: AbortSignal) => Promise<Result>,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    const lost = new AbortController();
    const fail = () => {
      const error = new Lost('the connection was lost');
      lost.abort(error);
      reject(error);
    };
    losing.add(fail);
    act(lost.signal)
      .then(resolve, reject)
      .finally(() => losing.delete(fail));
  });
}
