/** Where a hub is, and how to tell that it is this one. Node only. */
import { Agent, type AgentOptions } from 'node:http';
import { Agent as SecureAgent } from 'node:https';
import { connect, type TLSSocket } from 'node:tls';
import { TransportError } from '../error.js';
import { type HubPlace, parseAddress } from './parse-address.js';

export interface HubAddress extends HubPlace {
  readonly agent: Agent;
}

export interface Trust {
  /** SHA-256 of the hub's certificate, with or without colons: this certificate, whoever signed it. */
  readonly fingerprint?: string;
  /** PEM: certificates of authorities to trust instead of the system's. */
  readonly ca?: string | Uint8Array;
}

/** @throws TransportError when the address, the token or the fingerprint cannot be one */
export function hubAddress(address: string, token: string, { fingerprint, ca }: Trust): HubAddress {
  const { url } = parseAddress(address, token);
  const secure = url.protocol === 'https:';
  if (fingerprint !== undefined && !secure) {
    throw new TransportError(`transport: "${address}" has no certificate, and a fingerprint was given`, {
      hint: 'write https:// in the address',
    });
  }
  const options: AgentOptions = { keepAlive: true };
  if (!secure) return { url, token, agent: new Agent(options) };
  if (fingerprint !== undefined) return { url, token, agent: pinnedAgent(digitsOf(fingerprint), options) };
  return {
    url,
    token,
    agent: new SecureAgent({ ...options, ...(ca !== undefined && { ca: Buffer.from(ca) }) }),
  };
}

/**
 * An agent that hands out a connection only once the certificate has been checked: nothing is written before. A pinned
 * certificate needs no authority, no name and no date.
 */
function pinnedAgent(fingerprint: string, options: AgentOptions): SecureAgent {
  // Without sessions: one that is taken up again shows no certificate.
  const agent = new SecureAgent({ ...options, maxCachedSessions: 0 });
  const createConnection = (
    connection: object,
    done: (error: Error | null, socket?: TLSSocket) => void,
  ): undefined => {
    const socket = connect({ ...connection, rejectUnauthorized: false });
    const fail = (error: Error) => done(error);
    socket.once('error', fail);
    socket.once('secureConnect', () => {
      socket.off('error', fail);
      const got = socket.getPeerX509Certificate()?.fingerprint256 ?? 'none';
      if (digits(got) === fingerprint) {
        done(null, socket);
        return;
      }
      socket.destroy();
      done(
        new TransportError(
          `transport: the certificate's fingerprint is ${digits(got)}, expected ${fingerprint}`,
          {
            hint: 'this is another hub, or somebody between: ask the operator for the fingerprint',
          },
        ),
      );
    });
  };
  return Object.assign(agent, { createConnection });
}

const digits = (fingerprint: string) => fingerprint.replaceAll(':', '').toLowerCase();

function digitsOf(fingerprint: string): string {
  if (/^[0-9a-f]{64}$/.test(digits(fingerprint))) return digits(fingerprint);
  throw new TransportError('transport: this is no fingerprint: it has 64 hexadecimal digits', {
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

/** The error for which there is no use in trying again, where it is one. */
export function finalError(error: unknown, url: URL): TransportError | undefined {
  if (error instanceof TransportError) return error;
  const { code = '', message } = error as NodeJS.ErrnoException;
  if (untrusted.has(code)) {
    return new TransportError(`transport: the certificate of ${url.host} is not trusted: ${message}`, {
      cause: error,
      hint: 'give the fingerprint that the hub printed, or the certificate of its authority',
    });
  }
  if (code === 'EPROTO' && url.protocol === 'https:') {
    return new TransportError(`transport: ${url.host} does not speak TLS`, {
      cause: error,
      hint: `write http://${url.host}, if it is meant to go without`,
    });
  }
  return undefined;
}
