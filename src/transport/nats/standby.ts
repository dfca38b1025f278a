/** A standby coordinator waits for the leader's beat to stop. */
import type { KvEntry } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { closedError, untilDone } from './again.js';
import { follow } from './follow.js';
import type { Buckets } from './layout.js';
import { leaderKey } from './names.js';

/** Beats that a lost connection kept away do not count as missed: then it is ourselves who are gone. */
const DISCONNECTED = new Set<string>(['disconnect', 'reconnecting', 'reconnect', 'staleConnection']);

/**
 * Resolves when there is no leader: at once where none has been, or it left; else when no beat has come for `afterMs`.
 * @throws TransportError when `signal` is aborted before
 */
export async function leaderGone(
  connection: NatsConnection,
  { presence }: Buckets,
  job: string,
  afterMs: number,
  signal: AbortSignal,
): Promise<void> {
  const key = leaderKey(job);
  if (await untilDone('the leader', async () => isAbsent(await presence.get(key)), signal)) return;
  const watching = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      const heard = () => {
        clearTimeout(timer);
        if (!watching.signal.aborted) timer = setTimeout(resolve, afterMs);
      };
      heard();
      signal.addEventListener('abort', () => reject(closedError()), { once: true });
      follow(
        connection,
        presence,
        key,
        (entry) => (isAbsent(entry) ? resolve() : heard()),
        watching.signal,
      ).catch(reject);
      void whileDisconnected(heard);
    });
  } finally {
    watching.abort();
    clearTimeout(timer);
  }

  async function whileDisconnected(act: () => void) {
    for await (const { type } of connection.status()) {
      if (watching.signal.aborted) return;
      if (DISCONNECTED.has(type)) act();
    }
  }
}

const isAbsent = (entry: KvEntry | null) => entry === null || entry.operation !== 'PUT';
