/**
 * Limits the connections of a hub. A connection that has not shown a valid token is a stranger's.
 * Strangers have few places, in all and for each address. When the places are taken, a new stranger
 * gets the place of the oldest. A participant shows its token at once, so nobody can lock it out by
 * holding connections open, not even from the same address, such as that of a proxy. The
 * connections of one token are limited too. Node only.
 */
import type { Server, Socket } from 'node:net';
import type { HubLimits } from './limits.js';
import type { NoteRefusal } from './refusal-log.js';

/** The address of a socket, or of a TLS socket over it. */
interface Peer {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}

export interface Doorkeeper {
  /**
   * Records that a valid token came by this connection.
   * @param token an ID of the token
   * @returns false when the token has too many connections
   */
  know(peer: Peer, token: string): boolean;
  /** Cuts all strangers. */
  close(): void;
}

export function doorkeeper(server: Server, limits: HubLimits, note: NoteRefusal): Doorkeeper {
  const strangers = strangersAtTheDoor();
  const known = knownConnections();
  /** Cuts the oldest stranger from an origin. */
  const cutOldest = (origin: string, why: string) => {
    const oldest = strangers.takeOldest(origin);
    if (oldest === undefined) return;
    note('strangers', { address: oldest.remoteAddress }, why);
    oldest.destroy();
  };

  const trim = () => {
    for (const [origin, size] of strangers.sizes()) {
      for (let excess = size - limits.strangersPerAddress; excess > 0; excess--) {
        cutOldest(origin, `${size} connections without a token from one address`);
      }
    }
    while (strangers.inAll() > limits.strangers) {
      cutOldest(strangers.mostCrowded(), `${strangers.inAll()} connections without a token`);
    }
  };
  let trimming = false;
  /**
   * Waits until all connections of the same moment were read, since one that has shown a token by
   * then is not a stranger's.
   */
  const trimSoon = () => {
    if (trimming) return;
    trimming = true;
    setImmediate(() =>
      setImmediate(() => {
        trimming = false;
        trim();
      }),
    );
  };

  server.maxConnections = limits.connections;
  server.on('drop', (peer) => {
    note('connections', { address: peer?.remoteAddress }, `there are ${limits.connections} connections`);
    // Cuts one, so that the next has a place.
    cutOldest(strangers.mostCrowded(), 'there are too many connections');
  });
  server.on('connection', (socket) => {
    const peer = { remoteAddress: socket.remoteAddress, remotePort: socket.remotePort };
    if (peer.remoteAddress === undefined || peer.remotePort === undefined) {
      socket.destroy();
      return;
    }
    const fromThere = strangers.add(peer, socket);
    if (fromThere > limits.strangersPerAddress || strangers.inAll() > limits.strangers) trimSoon();
    socket.once('close', () => {
      strangers.forget(peer);
      known.release(peer);
    });
  });
  return {
    know(peer, token) {
      if (known.tokenOf(peer) === token) return true;
      if (known.count(token) >= limits.connectionsPerToken) return false;
      // A proxy may send several tokens by one connection.
      known.release(peer);
      strangers.forget(peer);
      known.add(peer, token);
      return true;
    },
    close: () => strangers.destroyAll(),
  };
}

/** Connections without a token, by origin, and by address and port. The oldest is first. */
function strangersAtTheDoor() {
  const byOrigin = new Map<string, Map<string, Socket>>();
  let inAll = 0;

  function forget(peer: Peer): void {
    const origin = originOf(peer.remoteAddress);
    const places = byOrigin.get(origin);
    if (places?.delete(placeOf(peer)) !== true) return;
    inAll--;
    if (places.size === 0) byOrigin.delete(origin);
  }

  return {
    forget,
    inAll: () => inAll,
    /** @returns how many there are from its origin now */
    add(peer: Peer, socket: Socket): number {
      const origin = originOf(peer.remoteAddress);
      const places = byOrigin.get(origin) ?? new Map<string, Socket>();
      byOrigin.set(origin, places.set(placeOf(peer), socket));
      inAll++;
      return places.size;
    },
    sizes: () => [...byOrigin].map(([origin, { size }]) => [origin, size] as const),
    /** The origin of most of them. */
    mostCrowded: () => [...byOrigin].reduce((a, b) => (b[1].size > a[1].size ? b : a), noPlaces)[0],
    /** Removes and returns the oldest from an origin. */
    takeOldest(origin: string): Socket | undefined {
      const [oldest] = byOrigin.get(origin)?.values() ?? [];
      if (oldest !== undefined) forget(oldest);
      return oldest;
    },
    destroyAll() {
      for (const socket of [...byOrigin.values()].flatMap((places) => [...places.values()])) socket.destroy();
    },
  };
}

/** The last token of each connection, and the number of connections of each token. */
function knownConnections() {
  const tokens = new Map<string, string>();
  const counts = new Map<string, number>();
  const countOf = (token: string) => counts.get(token) ?? 0;
  return {
    tokenOf: (peer: Peer) => tokens.get(placeOf(peer)),
    count: countOf,
    add(peer: Peer, token: string) {
      tokens.set(placeOf(peer), token);
      counts.set(token, countOf(token) + 1);
    },
    release(peer: Peer) {
      const token = tokens.get(placeOf(peer));
      if (token === undefined) return;
      tokens.delete(placeOf(peer));
      const left = countOf(token) - 1;
      if (left <= 0) counts.delete(token);
      else counts.set(token, left);
    },
  };
}

const noPlaces: [string, ReadonlyMap<string, Socket>] = ['', new Map()];

const placeOf = ({ remoteAddress, remotePort }: Peer) => `${remoteAddress} ${remotePort}`;

/** The origin of an address. An owner of one IPv6 address has all with the same first half. */
function originOf(address = ''): string {
  if (!address.includes(':') || address.includes('.')) return address;
  const [head = '', tail] = address.split('%')[0]?.split('::') ?? [];
  const groups = head === '' ? [] : head.split(':');
  const missing = tail === undefined ? 0 : 8 - groups.length - (tail === '' ? 0 : tail.split(':').length);
  return [...groups, ...Array<string>(missing).fill('0'), ...(tail?.split(':') ?? [])].slice(0, 4).join(':');
}
