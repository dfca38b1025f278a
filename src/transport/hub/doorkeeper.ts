/**
 * Who is connected at all. Whoever has not shown a valid token is a stranger, and one address has few of those; and one token
 * has few connections: so nobody can take the places of others by holding connections open. Node only.
 */
import type { Server, Socket } from 'node:net';
import type { HubLimits } from './limits.js';
import type { NoteRefusal } from './refusals.js';

/** Of a socket, or of one that speaks TLS over it. */
interface Peer {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}

export interface Doorkeeper {
  /**
   * A valid token has come this way.
   * @param token what tells it from others
   * @returns whether it may: it has not too many connections
   */
  know(peer: Peer, token: string): boolean;
  /** Cuts all strangers. */
  close(): void;
}

export function doorkeeper(server: Server, limits: HubLimits, note: NoteRefusal): Doorkeeper {
  /** By address and port. */
  const strangers = new Map<string, Map<number, Socket>>();
  const forget = ({ remoteAddress = '', remotePort = 0 }: Peer) => {
    const ports = strangers.get(remoteAddress);
    ports?.delete(remotePort);
    if (ports?.size === 0) strangers.delete(remoteAddress);
  };
  /** Which token came last by a connection, by address and port; and how many connections each has. */
  const known = new Map<string, string>();
  const counts = new Map<string, number>();
  const placeOf = ({ remoteAddress, remotePort }: Peer) => `${remoteAddress} ${remotePort}`;
  const release = (peer: Peer) => {
    const token = known.get(placeOf(peer));
    if (token === undefined) return;
    known.delete(placeOf(peer));
    const left = (counts.get(token) ?? 1) - 1;
    if (left === 0) counts.delete(token);
    else counts.set(token, left);
  };
  server.maxConnections = limits.connections;
  server.on('drop', (peer) => {
    note('connections', { address: peer?.remoteAddress }, `there are ${limits.connections} connections`);
  });
  server.on('connection', (socket) => {
    const { remoteAddress, remotePort } = socket;
    if (remoteAddress === undefined || remotePort === undefined) {
      socket.destroy();
      return;
    }
    const ports = strangers.get(remoteAddress) ?? new Map();
    if (ports.size >= limits.strangersPerAddress) {
      note('strangers', { address: remoteAddress }, `${ports.size} connections without a token`);
      socket.destroy();
      return;
    }
    strangers.set(remoteAddress, ports.set(remotePort, socket));
    socket.once('close', () => {
      forget({ remoteAddress, remotePort });
      release({ remoteAddress, remotePort });
    });
  });
  return {
    know(peer, token) {
      if (known.get(placeOf(peer)) === token) return true;
      const count = counts.get(token) ?? 0;
      if (count >= limits.connectionsPerToken) return false;
      // Behind a proxy, several come by one.
      release(peer);
      forget(peer);
      known.set(placeOf(peer), token);
      counts.set(token, count + 1);
      return true;
    },
    close() {
      for (const socket of [...strangers.values()].flatMap((ports) => [...ports.values()])) socket.destroy();
    },
  };
}
