/**
 * Who is connected at all. Whoever has not shown a valid token is a stranger, and one address has few of those, so that it
 * cannot take the places of others by holding connections open. Node only.
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
  /** A valid token has come this way. */
  know(peer: Peer): void;
  /** Cuts all strangers. */
  close(): void;
}

export function doorkeeper(server: Server, limits: HubLimits, note: NoteRefusal): Doorkeeper {
  /** By address and port. */
  const strangers = new Map<string, Map<number, Socket>>();
  const know = ({ remoteAddress = '', remotePort = 0 }: Peer) => {
    const ports = strangers.get(remoteAddress);
    ports?.delete(remotePort);
    if (ports?.size === 0) strangers.delete(remoteAddress);
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
    socket.once('close', () => know({ remoteAddress, remotePort }));
  });
  return {
    know,
    close() {
      for (const socket of [...strangers.values()].flatMap((ports) => [...ports.values()])) socket.destroy();
    },
  };
}
