/**
 * A server that is restarted, or elects another leader, fails what is asked of it meanwhile. Asking again is the answer, as
 * soon as it is back: what was asked on a connection that was lost is not waited for.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { type NatsConnection, TimeoutError } from '@nats-io/transport-node';
import type { Patience } from '../patience.js';
import { closedError, explain, isFinal } from './explain.js';

export interface Outages {
  /**
   * Begins again after each outage that comes between. For what opens a channel: there, silence of a server that is connected
   * is an answer.
   * @throws whatever else goes wrong
   */
  through<Result>(act: () => Promise<Result>): Promise<Result>;
  /**
   * Tries until it works. What was begun on a connection that is lost is told so by its signal, and must end.
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

export function outages(
  connection: NatsConnection,
  url: string,
  { onTrouble, onConnected }: Patience,
): Outages {
  const lost = new Set<() => void>();
  const found = new Set<() => void>();
  const trying = new Set<() => void>();
  let away = false;
  const all = (listeners: Set<() => void>) => {
    for (const listener of [...listeners]) listener();
  };
  void (async () => {
    for await (const { type } of connection.status()) {
      if (type === 'disconnect') {
        away = true;
        onTrouble?.(`nats: the connection to ${url} was lost`);
        all(lost);
      } else if (type === 'reconnect') {
        away = false;
        onConnected?.();
        all(found);
      } else if (type === 'reconnecting') all(trying);
    }
    // Closed for good: nobody waits for it.
    all(found);
  })();
  const listen = (listeners: Set<() => void>, act: () => void, signal: AbortSignal) => {
    if (signal.aborted) return;
    listeners.add(act);
    signal.addEventListener('abort', () => listeners.delete(act), { once: true });
  };
  return {
    async through(act) {
      for (;;) {
        try {
          return await unlessLost(act);
        } catch (error) {
          if (connection.isClosed() || !(away || error instanceof Lost)) throw error;
          if (away) await back();
        }
      }
    },
    async untilDone(what, act, signal) {
      let silent = false;
      for (;;) {
        if (signal.aborted) throw closedError();
        try {
          const result = await unlessLost(act);
          if (silent) onConnected?.();
          return result;
        } catch (error) {
          if (signal.aborted) throw closedError();
          if (isFinal(error)) throw explain(error, what);
          if (!away && error instanceof TimeoutError) {
            silent = true;
            onTrouble?.(`nats: ${what}: nothing was heard in time`);
          }
          await (away ? back(signal) : delay(PAUSE_MS, undefined, { signal }).catch(() => undefined));
        }
      }
    },
    onReconnect: (act, signal) => listen(found, act, signal),
    whileAway(act, signal) {
      for (const listeners of [lost, trying, found]) listen(listeners, act, signal);
    },
  };

  function unlessLost<Result>(act: (lost: AbortSignal) => Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      const losing = new AbortController();
      const fail = () => {
        const error = new Lost('the connection was lost');
        losing.abort(error);
        reject(error);
      };
      lost.add(fail);
      act(losing.signal)
        .then(resolve, reject)
        .finally(() => lost.delete(fail));
    });
  }

  function back(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        found.delete(done);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      found.add(done);
      signal?.addEventListener('abort', done);
    });
  }
}
