/** The address of a hub, and how the client recognizes it. Node only. */
import { Agent } from 'node:http';
import { Agent as SecureAgent } from 'node:https';
import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { connect as connectSecurely, type TLSSocket } from 'node:tls';
import { TransportError } from '../../../error.js';
import { defaultWaits, SilenceError, type Waits } from '../../../waits.js';
import { type HubLogin, parseAddress } from '../parse-address.js';

export interface HubAddress extends HubLogin {
  readonly agent: Agent;
  readonly waits: Waits;
}

export interface Trust {
  /**
   * SHA-256 of the hub's certificate, with or without colons. Only this certificate is accepted,
   * from any authority.
   */
  readonly fingerprint?: string;
  /** PEM: certificates of authorities to trust instead of the system's. */
  readonly ca?: string | Uint8Array;
}

/** @throws TransportError when the address, the token or the fingerprint is malformed */
export function hubAddress(
  address: string,
  token: string,
  { fingerprint, ca }: Trust,
  waits: Partial<Waits> = {},
): HubAddress {
  const { url } = parseAddress(address, token);
  const isSecure = url.protocol === 'https:';
  if (fingerprint !== undefined && !isSecure) {
    throw new TransportError(`transport: "${address}" has no certificate, and a fingerprint was given`, {
      hint: 'write https:// in the address',
    });
  }
  const place = { url, token, waits: { ...defaultWaits, ...waits } };
  if (!isSecure)
    return { ...place, agent: agentBy(new Agent({ keepAlive: true }), connect, 'connect', place) };
  const pinned = fingerprint === undefined ? undefined : digitsOf(fingerprint);
  // Without TLS sessions, since a resumed one shows no certificate.
  const agent = new SecureAgent({ keepAlive: true, maxCachedSessions: 0 });
  // Explicit, since NODE_TLS_REJECT_UNAUTHORIZED=0 in the environment would otherwise turn the
  // check off.
  const trust =
    pinned === undefined
      ? { rejectUnauthorized: true, ...(ca !== undefined && { ca: Buffer.from(ca) }) }
      : { rejectUnauthorized: false };
  const open = (options: object) => connectSecurely({ ...options, ...trust });
  return {
    ...place,
    agent: agentBy(agent, open, 'secureConnect', place, (socket) => pinned && otherHub(socket, pinned)),
  };
}

/**
 * An agent that hands out a connection only when it was made in time and its certificate has been
 * checked. Nothing is written before.
 * @param problemOf says what is wrong with a connection, if anything
 */
function agentBy<Connection extends Socket, Some extends Agent>(
  agent: Some,
  open: (options: NetConnectOpts) => Connection,
  made: 'connect' | 'secureConnect',
  { url, waits: { connectMs } }: Pick<HubAddress, 'url' | 'waits'>,
  problemOf: (socket: Connection) => TransportError | undefined | '' = () => undefined,
): Some {
  const createConnection = (
    options: NetConnectOpts,
    done: (error: Error | null, socket?: Connection) => void,
  ): undefined => {
    const socket = open(options);
    const end = (error: Error | null) => {
      clearTimeout(timer);
      socket.off('error', end);
      if (error === null) done(null, socket);
      else {
        socket.on('error', () => undefined);
        socket.destroy();
        done(error);
      }
    };
    const timer = setTimeout(
      () => end(new SilenceError(`${url.host} made no connection`, connectMs)),
      connectMs,
    );
    socket.once('error', end);
    socket.once(made, () => end(problemOf(socket) || null));
  };
  return Object.assign(agent, { createConnection });
}

/** A pinned certificate needs no authority, no name and no date. */
function otherHub(socket: TLSSocket, fingerprint: string): TransportError | undefined {
  const got = digits(socket.getPeerX509Certificate()?.fingerprint256 ?? 'none');
  if (got === fingerprint) return undefined;
  return new TransportError(`transport: the certificate's fingerprint is ${got}, expected ${fingerprint}`, {
    hint: 'this is another hub, or somebody in between: ask the operator for the fingerprint',
  });
}

const digits = (fingerprint: string) => fingerprint.replaceAll(':', '').toLowerCase();

function digitsOf(fingerprint: string): string {
  if (/^[0-9a-f]{64}$/.test(digits(fingerprint))) return digits(fingerprint);
  throw new TransportError('transport: this is not a fingerprint, expected 64 hexadecimal digits', {
    hint: 'it is the SHA-256 of the certificate, as the hub prints it',
  });
}

const untrusted: ReadonlySet<string> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

/**
 * The codes of an answer that is not TLS, found while the connection is made or by the first write.
 */
const noTls: ReadonlySet<string> = new Set([
  'EPROTO',
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_SSL_PACKET_LENGTH_TOO_LONG',
]);

/** The error to throw if trying again would not help; undefined otherwise. */
export function finalError(error: unknown, url: URL): TransportError | undefined {
  if (error instanceof TransportError) return error;
  const { code = '', message } = error as NodeJS.ErrnoException;
  if (untrusted.has(code)) {
    return new TransportError(`transport: the certificate of ${url.host} is not trusted: ${message}`, {
      cause: error,
      hint: `give the fingerprint that the hub printed, or the certificate of its authority${
        process.env.NODE_TLS_REJECT_UNAUTHORIZED === '0'
          ? '; NODE_TLS_REJECT_UNAUTHORIZED=0 does not count here'
          : ''
      }`,
    });
  }
  if (noTls.has(code) && url.protocol === 'https:') {
    return new TransportError(`transport: ${url.host} does not speak TLS`, {
      cause: error,
      hint: `write http://${url.host}, if it is meant to go without`,
    });
  }
  return undefined;
}
