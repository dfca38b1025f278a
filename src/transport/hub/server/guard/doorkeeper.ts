/**
 * Decides who may be connected. A connection that has not shown a valid token is a stranger's.
 * Strangers have few places, in all and from one address. When the places are taken, a new stranger
 * gets the place of the oldest. A participant shows its token at once, so nobody can lock it out by
 * holding connections open, not even from the same address, such as that of a proxy. And one token
 * has few connections. Node only.
 */
import { isIPv6, type Server, type Socket } from 'node:net';
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
  const strangers = strangersAtTheDoor();
  const known = knownConnections();
  /** The first that came from there. */
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
   * Once all who came at the same moment were listened to: who has shown a token by then is no
   * stranger.
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
    // The next one has a place.
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
      // Behind a proxy, several come by one.
      known.release(peer);
      strangers.forget(peer);
      known.add(peer, token);
      return true;
    },
    close: () => strangers.destroyAll(),
  };
}

/**
 * Connections without a token. By origin, and by address and port: those that came first are first.
 */
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
    /** The first that came from there, which is forgotten. */
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

/** Which token came last by a connection; and how many connections each has. */
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

/** Of IPv6, who has one address has all with its first half. */
function originOf(address = ''): string {
  if (!isIPv6(address) || address.includes('.')) return address;
  const [head = '', tail] = address.split('%')[0]?.split('::') ?? [];
  const groups = head === '' ? [] : head.split(':');
  const missing = tail === undefined ? 0 : 8 - groups.length - (tail === '' ? 0 : tail.split(':').length);
  return [...groups, ...Array<string>(missing).fill('0'), ...(tail?.split(':') ?? [])].slice(0, 4).join(':');
}
