import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import {
  type SilentServer,
  silentBody,
  silentNats,
  silentTcp,
  silentTls,
  silentWebSocket,
  tls,
} from '../../test/silent-servers.js';
import { blobMover } from './hub/client/blob-mover.js';
import { hubAddress } from './hub/client/node/hub-address.js';
import { joinHub } from './hub/client/node/join-hub.js';
import { moveBlobs } from './hub/client/node/move-blobs.js';
import { nodeSocket } from './hub/client/node/node-socket.js';
import { operateHub } from './hub/client/node/operate-hub.js';
import { joinHubFromPage } from './hub/client/page/join-hub-from-page.js';
import { pageRequests } from './hub/client/page/page-requests.js';
import { watchHub } from './hub/client/watch-hub.js';
import { fingerprintOf } from './hub/server/hub.js';
import { type Nats, openNats } from './nats/connection.js';
import { takeLead } from './nats/coordinator/take-lead.js';
import { createLayout } from './nats/layout.js';
import { openStore } from './nats/object-store.js';
import { joinNats } from './nats/participant/participant.js';
import type { Patience } from './patience.js';
import { exampleSigner } from './transport.contract.js';
import { defaultWaits, type Waits } from './waits.js';

/** Those that need a server which answers at first: `nats/waits.test.ts`. */
export type WaitOfNats = 'natsAskMs' | 'natsLeaveMs';

const token = 'x'.repeat(43);
const pinned = { fingerprint: fingerprintOf(tls.cert) };
const authority = { ca: tls.cert };
const blob = { sha256: 'ab'.repeat(32), bytes: 10 };
const LONG_MS = 600_000;
const SHORT_MS = 60;

/** All but one last for ever. */
const only = (name: keyof Waits, ms = SHORT_MS): Waits => ({
  ...(Object.fromEntries(Object.keys(defaultWaits).map((each) => [each, LONG_MS])) as unknown as Waits),
  [name]: ms,
});

let open: SilentServer[] = [];
const leaving: AbortController[] = [];
beforeEach(() => {
  vi.stubGlobal('WebSocket', WebSocket);
});
afterEach(async () => {
  vi.unstubAllGlobals();
  for (const each of leaving.splice(0)) each.abort();
  await Promise.all(open.map((server) => server.close()));
  open = [];
});

/** What fails is tried again: resolves with the first that it says of it. */
function firstTrouble(
  begin: (patience: Required<Omit<Patience, 'waits' | 'onConnected'>>) => Promise<unknown>,
) {
  return new Promise<string>((resolve, reject) => {
    const leave = new AbortController();
    leaving.push(leave);
    begin({ signal: leave.signal, onTrouble: resolve }).then(() => reject(new Error('it was done')), reject);
  });
}

async function reasonOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'it was done',
    (error: Error) => error.message,
  );
}

type Moving = (mover: ReturnType<typeof blobMover>) => Promise<unknown>;
const uploads: Moving = (mover) => mover.upload(new Uint8Array(10), blob);
const downloads: Moving = (mover) => mover.download(blob);
const byNode = (url: string, trust: object, waits: Waits, move: Moving) =>
  firstTrouble(({ signal, onTrouble }) =>
    move(moveBlobs(hubAddress(url, token, trust, waits), { over: signal, onTrouble })),
  );
const byPage = (url: string, waits: Waits, move: Moving) =>
  firstTrouble(({ signal, onTrouble }) =>
    move(blobMover(pageRequests({ url: new URL(url), token }, waits), { over: signal, onTrouble })),
  );
const joining = (url: string, trust: object, waits: Waits) =>
  firstTrouble((patience) => joinHub(url, { token, waits, ...trust, ...patience }));

const nats = async (host: string, waits: Waits): Promise<Nats> => {
  const opened = await openNats(`nats://${host}`, {}, { name: 'a', inbox: '_INBOX' }, { waits });
  const leave = new AbortController();
  leave.signal.addEventListener('abort', () => void opened.connection.close());
  leaving.push(leave);
  return opened;
};

interface Case {
  /** Longer where the server has to answer something first. */
  readonly ms?: number;
  readonly server: () => Promise<SilentServer>;
  /** @returns in words what became of it */
  readonly wait: (host: string, waits: Waits) => Promise<string>;
}

/** Of every limit, what would last for ever without it; the other limits do not end it. */
const cases: Readonly<Record<Exclude<keyof Waits, WaitOfNats>, Readonly<Record<string, Case>>>> = {
  connectMs: {
    'a join by fingerprint': {
      server: silentTcp,
      wait: (host, waits) => joining(`https://${host}`, pinned, waits),
    },
    'a join by authority': {
      server: silentTcp,
      wait: (host, waits) => joining(`https://${host}`, authority, waits),
    },
    'an upload': {
      server: silentTcp,
      wait: (host, waits) => byNode(`https://${host}`, pinned, waits, uploads),
    },
    'a download': {
      server: silentTcp,
      wait: (host, waits) => byNode(`https://${host}`, pinned, waits, downloads),
    },
    'an operator': {
      server: silentTcp,
      wait: (host, waits) => reasonOf(operateHub(`https://${host}`, token, pinned, waits).status()),
    },
  },
  greetingMs: {
    'a join': { server: silentTcp, wait: (host, waits) => joining(`http://${host}`, {}, waits) },
    'a join over TLS': {
      server: silentTls,
      wait: (host, waits) => joining(`https://${host}`, pinned, waits),
    },
    'a join before TLS': {
      server: silentTcp,
      wait: (host, waits) => joining(`https://${host}`, pinned, waits),
    },
    'a page that joins': {
      server: silentTcp,
      wait: (host, waits) =>
        firstTrouble((patience) => joinHubFromPage(`http://${host}`, { token, waits, ...patience })),
    },
    'who watches': {
      server: silentTcp,
      wait: (host, waits) =>
        firstTrouble(({ signal, onTrouble }) =>
          watchHub({
            ...{ signal, onTrouble, waits, open: nodeSocket(hubAddress(`http://${host}`, token, {}, waits)) },
            ...{ onFrame: () => {}, from: () => ({ round: 1, log: 0 }) },
          }),
        ),
    },
  },
  silentMs: {
    'an upload': { server: silentTcp, wait: (host, waits) => byNode(`http://${host}`, {}, waits, uploads) },
    'a download': {
      server: silentTcp,
      wait: (host, waits) => byNode(`http://${host}`, {}, waits, downloads),
    },
    'an upload over TLS': {
      server: silentTls,
      wait: (host, waits) => byNode(`https://${host}`, pinned, waits, uploads),
    },
    'the body of a download': {
      server: () => silentBody('200 OK'),
      wait: (host, waits) => byNode(`http://${host}`, {}, waits, downloads),
    },
    'the reason of a refusal': {
      server: () => silentBody('409 Conflict'),
      wait: (host, waits) => byNode(`http://${host}`, {}, waits, downloads),
    },
    'an upload of a page': {
      server: silentTcp,
      wait: (host, waits) => byPage(`http://${host}`, waits, uploads),
    },
    'a download of a page': {
      server: silentTcp,
      wait: (host, waits) => byPage(`http://${host}`, waits, downloads),
    },
    'the body of a download of a page': {
      server: () => silentBody('200 OK'),
      wait: (host, waits) => byPage(`http://${host}`, waits, downloads),
    },
  },
  answerMs: {
    'an operator': {
      server: silentTcp,
      wait: (host, waits) => reasonOf(operateHub(`http://${host}`, token, {}, waits).status()),
    },
    'an operator before TLS': {
      server: silentTcp,
      wait: (host, waits) => reasonOf(operateHub(`https://${host}`, token, pinned, waits).status()),
    },
    'the body of an answer': {
      server: () => silentBody('200 OK'),
      wait: (host, waits) => reasonOf(operateHub(`http://${host}`, token, {}, waits).status()),
    },
  },
  closeMs: {
    'a hub that does not close': {
      server: silentWebSocket,
      wait: (host, waits) =>
        new Promise((resolve) => {
          const socket = nodeSocket(hubAddress(`http://${host}`, token, {}, waits))({
            onText: () => {},
            onEnd: (reason) => resolve(`${reason} in time`),
          });
          const sending = setInterval(() => socket.close(), 10);
          leaving.push(Object.assign(new AbortController(), { abort: () => clearInterval(sending) }));
        }),
    },
  },
  natsConnectMs: {
    'a participant': {
      server: silentTcp,
      wait: (host, waits) => reasonOf(joinNats(`nats://${host}`, { name: 'a', waits })),
    },
    'a participant over TLS': {
      server: silentTcp,
      wait: (host, waits) => reasonOf(joinNats(`tls://${host}`, { name: 'a', waits })),
    },
    'a coordinator': {
      server: silentTcp,
      wait: (host, waits) => reasonOf(takeLead(`nats://${host}`, exampleSigner, { waits })),
    },
  },
  natsRequestMs: {
    'a participant': {
      server: silentNats,
      wait: (host, waits) => reasonOf(joinNats(`nats://${host}`, { name: 'a', waits })),
    },
    'a coordinator': {
      server: silentNats,
      wait: (host, waits) =>
        firstTrouble((patience) => takeLead(`nats://${host}`, exampleSigner, { waits, ...patience })),
    },
    'streams and keys': {
      ms: 1000,
      server: silentNats,
      wait: async (host, waits) => reasonOf(createLayout(await nats(host, waits), 1000)),
    },
    'a store of objects': {
      ms: 1000,
      server: silentNats,
      wait: async (host, waits) => reasonOf(openStore(await nats(host, waits), 'bucket', true)),
    },
  },
};

describe.each(Object.entries(cases))('the limit %s', (name, waiting) => {
  it.each(Object.entries(waiting))('ends %s', async (_, { server, wait, ms }) => {
    const silent = await server();
    open.push(silent);
    const said = await wait(silent.host, only(name as keyof Waits, ms));
    expect(said).not.toBe('it was done');
    expect(said).toMatch(/ for [\d.]+ s|timeout|time|no answer|nothing was heard/i);
  });
});
