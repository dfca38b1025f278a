/**
 * A connection to a NATS server with JetStream: the client's credentials, the server's certificate,
 * and the checks of what the server can do. Credentials come from files and the environment, and no
 * message repeats them. Node only.
 */
import { readFile } from 'node:fs/promises';
import { type JetStreamClient, type JetStreamManager, jetstream } from '@nats-io/jetstream';
import {
  type ConnectionOptions,
  connect,
  credsAuthenticator,
  type NatsConnection,
  RequestError,
  TimeoutError,
} from '@nats-io/transport-node';
import { backoffMs, pause } from '../backoff.js';
import { TransportError } from '../error.js';
import type { Patience } from '../patience.js';
import { defaultWaits, type Waits } from '../waits.js';
import type { NatsAccess } from './access.js';
import { closedError, explain, isNobodyThere, messageOf, withoutJetStream } from './explain.js';
import { type HeldClose, heldClose } from './held-close.js';
import { type Outages, outages } from './outages.js';

export interface Nats extends HeldClose {
  readonly connection: NatsConnection;
  readonly jetStream: JetStreamClient;
  readonly manager: JetStreamManager;
  readonly outages: Outages;
  readonly waits: Waits;
}

/** The oldest version whose streams refuse a second message for a subject: Debian 12 has it. */
const OLDEST = [2, 9, 0] as const;

/**
 * @param url nats://host:port or tls://host:port; several servers of a cluster with commas between
 * @param who the name of the client, and the prefix of its inbox, to which nobody else may listen
 * @throws TransportError when the server cannot be reached, refuses us, or is too old
 */
export async function openNats(
  url: string,
  access: NatsAccess,
  { name, inbox }: { readonly name: string; readonly inbox: string },
  patience: Patience,
): Promise<Nats> {
  const waits = { ...defaultWaits, ...patience.waits };
  const options = { ...(await optionsOf(url, access, waits)), name, inboxPrefix: inbox };
  const connection = await untilThere(() => reach(url, options), isNobodyThere, patience);
  try {
    const { version, jetstream: enabled } = connection.info ?? {};
    if (version === undefined || isOlder(version)) {
      throw new TransportError(
        `nats: ${url} is a nats-server ${version}, expected ${OLDEST.join('.')} or newer`,
        {
          hint: 'upgrade it; Debian 12 has 2.9.10 (apt-get install nats-server)',
        },
      );
    }
    if (enabled !== true) throw withoutJetStream(url);
    const jetStream = jetstream(connection, { timeout: waits.natsRequestMs });
    const manager = await jetStream.jetstreamManager(false);
    const watched = outages(connection, url, patience);
    const hasJetStream = () =>
      manager.getAccountInfo().catch((error: unknown) => {
        const unanswered = error instanceof RequestError || error instanceof TimeoutError;
        throw unanswered ? error : withoutJetStream(`the account at ${url}`);
      });
    await watched.through(hasJetStream);
    return { connection, jetStream, manager, outages: watched, waits, ...heldClose(connection) };
  } catch (error) {
    await connection.close();
    throw explain(error, `${url} cannot be used`);
  }
}

async function reach(url: string, options: ConnectionOptions): Promise<NatsConnection> {
  try {
    return await connect(options);
  } catch (cause) {
    throw new TransportError(`nats: ${url} cannot be reached: ${messageOf(cause)}`, {
      hint: 'check that the server runs there, and that the credentials and the CA are right',
      cause,
      transient: isNobodyThere(cause),
    });
  }
}

/**
 * Tries again after errors for which `isAbsence` is true, if there is an `onTrouble` to be told.
 * Without it, such an error is thrown at once.
 */
export async function untilThere<Result>(
  act: () => Promise<Result>,
  isAbsence: (error: unknown) => boolean,
  { signal = new AbortController().signal, onTrouble, onConnected }: Patience,
): Promise<Result> {
  for (let attempt = 0; ; attempt++) {
    if (signal.aborted) throw closedError();
    try {
      const result = await act();
      onConnected?.();
      return result;
    } catch (error) {
      if (onTrouble === undefined || !isAbsence(error)) throw error;
      onTrouble(explain(error, 'no answer').message);
      await pause(backoffMs(attempt), signal);
    }
  }
}

async function optionsOf(
  url: string,
  access: NatsAccess,
  { natsConnectMs }: Waits,
): Promise<ConnectionOptions> {
  const servers = url.split(',').map((one) => serverOf(one.trim()));
  const { token, user, password, credsFile, caFile, certFile, keyFile } = access;
  const creds = credsFile === undefined ? undefined : await fileOf(credsFile, 'the credentials');
  const tls = {
    ...(caFile === undefined ? {} : { ca: (await fileOf(caFile, 'the CA')).toString() }),
    ...(certFile === undefined ? {} : { cert: (await fileOf(certFile, 'the certificate')).toString() }),
    ...(keyFile === undefined ? {} : { key: (await fileOf(keyFile, 'the key')).toString() }),
  };
  return {
    servers: servers.map(({ address }) => address),
    ...(servers.some(({ secure }) => secure) || Object.keys(tls).length > 0 ? { tls } : {}),
    ...(creds === undefined ? {} : { authenticator: credsAuthenticator(creds) }),
    ...(token === undefined ? {} : { token }),
    ...(user === undefined ? {} : { user, pass: password ?? '' }),
    maxReconnectAttempts: -1,
    reconnectTimeWait: 500,
    // A dead peer is noticed within a minute; the library's default would take four.
    pingInterval: 20_000,
    timeout: natsConnectMs,
  };
}

function serverOf(url: string): { readonly address: string; readonly secure: boolean } {
  const parts = /^(?:(nats|tls):\/\/)?([^@/\s]+)\/?$/.exec(url);
  if (parts === null) {
    const shown = url.replace(/\/\/.*@/, '//…@');
    throw new TransportError(
      `nats: "${shown}" is not an address, expected nats://host:port or tls://host:port`,
      {
        hint: 'do not put credentials into it: use a file, or COMMONWEIGHT_NATS_TOKEN',
      },
    );
  }
  return { address: parts[2] as string, secure: parts[1] === 'tls' };
}

const fileOf = (path: string, what: string) =>
  readFile(path).catch((cause: unknown) => {
    throw new TransportError(`nats: ${what} cannot be read: ${messageOf(cause)}`, { cause });
  });

function isOlder(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split(/[.-]/).map(Number);
  const difference = major - OLDEST[0] || minor - OLDEST[1] || patch - OLDEST[2];
  return difference < 0;
}
