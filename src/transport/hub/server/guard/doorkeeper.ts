/**
 * Who is connected at all. A connection that has not shown a valid token is a stranger's. Strangers have few places, in all and
 * from one address; who comes when they are taken has the place of the one that has been there for longest: a participant
 * shows its token at once, so nobody can lock it out by holding connections open, not even from the same address, such as that of
 * a proxy. And one token has few connections. Node only.
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
  /** By origin, and by address and port: those that came first are first. */
  const strangers = new Map<string, Map<string, Socket>>();
  let strangersInAll = 0;
  const forget = (peer: Peer) => {
    const origin = originOf(peer.remoteAddress);
    const places = strangers.get(origin);
    if (places?.delete(placeOf(peer)) !== true) return;
    strangersInAll--;
    if (places.size === 0) strangers.delete(origin);
  };
  /** Which token came last by a connection; and how many connections each has. */
  const known = new Map<string, string>();
  const counts = new Map<string, number>();
  const release = (peer: Peer) => {
    const token = known.get(placeOf(peer));
    if (token === undefined) return;
    known.delete(placeOf(peer));
    const left = (counts.get(token) ?? 1) - 1;
    if (left === 0) counts.delete(token);
    else counts.set(token, left);
  };
  /** The first that came from there. */
  const cutOldest = (origin: string | undefined, why: string) => {
    const [oldest] = strangers.get(origin ?? '')?.values() ?? [];
    if (oldest === undefined) return;
    note('strangers', { address: oldest.remoteAddress }, why);
    forget(oldest);
    oldest.destroy();
  };
  const mostCrowded = () => [...strangers].reduce((a, b) => (b[1].size > a[1].size ? b : a), noPlaces)[0];

  const trim = () => {
    for (const [origin, { size }] of strangers) {
      for (let excess = size - limits.strangersPerAddress; excess > 0; excess--) {
        cutOldest(origin, `${size} connections without a token from one address`);
      }
    }
    while (strangersInAll > limits.strangers) {
      cutOldest(mostCrowded(), `${strangersInAll} connections without a token`);
    }
  };
  let trimming = false;
  /** Once all who came at the same moment were listened to: who has shown a token by then is no stranger. */
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
    cutOldest(mostCrowded(), 'there are too many connections');
  });
  server.on('connection', (socket) => {
    const peer = { remoteAddress: socket.remoteAddress, remotePort: socket.remotePort };
    if (peer.remoteAddress === undefined || peer.remotePort === undefined) {
      socket.destroy();
      return;
    }
    const origin = originOf(peer.remoteAddress);
    const places = strangers.get(origin) ?? new Map<string, Socket>();
    strangers.set(origin, places.set(placeOf(peer), socket));
    strangersInAll++;
    if (places.size > limits.strangersPerAddress || strangersInAll > limits.strangers) trimSoon();
    socket.once('close', () => {
      forget(peer);
      release(peer);
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
      for (const socket of [...strangers.values()].flatMap((places) => [...places.values()]))
        socket.destroy();
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
