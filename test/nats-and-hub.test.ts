import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { serveTransport } from '../src/cli/commands/serve-transport.js';
import { runFederation } from '../src/federation/coordinator/run-federation.js';
import { serveFederation } from '../src/federation/coordinator/serve-federation.js';
import { joinFederation } from '../src/federation/participant/node/join-federation.js';
import { shareChoice } from '../src/federation/plan/share-choice.js';
import type { ConfigurationInput } from '../src/protocol/configuration/configuration.js';
import { hubAddress } from '../src/transport/hub/client/node/hub-address.js';
import { moveBlobs } from '../src/transport/hub/client/node/move-blobs.js';
import { operateHub } from '../src/transport/hub/client/node/operate-hub.js';
import { joinHubFromPage } from '../src/transport/hub/client/page/join-hub-from-page.js';
import { silentLog } from '../src/transport/log.js';
import { joinNats } from '../src/transport/nats/participant/participant.js';
import type { ParticipantEnd } from '../src/transport/transport.js';
import { handedOut } from './handed-out.js';
import { type NatsServer, natsServer, withoutNats } from './nats-server.js';
import { sample } from './run-command.js';

// Node has fetch; the WebSocket of `ws` is that of a page.
let server: NatsServer;
let folder: string;
beforeEach(async () => {
  vi.stubGlobal('WebSocket', WebSocket);
  [server, folder] = await Promise.all([natsServer(), mkdtemp(join(tmpdir(), 'commonweight-'))]);
});
afterEach(async () => {
  vi.unstubAllGlobals();
  await server.stop();
  await rm(folder, { recursive: true });
});

const configuration: ConfigurationInput = {
  dataset: sample,
  seed: 5,
  partition: { name: 'v', participants: 2 },
  model: { name: 'mlp', hidden: [16] },
  optimizer: { name: 'sgd', learningRate: 0.05 },
  local: { epochs: 1 },
  correction: { name: 'scaffold' },
  codec: { update: 'half', model: 'half' },
  rounds: 2,
};

describe.skipIf(withoutNats)('a federation over NATS, in which a page takes part by way of the hub', () => {
  it.each([
    ['with blobs by the hub', {}],
    ['with blobs by the object store', { natsObjectStore: true } as const],
  ])('comes to the bytes of `run`, %s', async (_, flags) => {
    const out = join(folder, 'served');
    const printed: string[] = [];
    const presence: string[] = [];
    const { signal, abort } = withAbort();
    const transport = await serveTransport(
      { host: '127.0.0.1', port: 0, nats: server.url, ...flags },
      (line) => printed.push(line),
      { signal },
    );
    let opened = () => {};
    const open = new Promise<void>((done) => {
      opened = done;
    });
    const serving = serveFederation(configuration, {
      ...{ out, workers: 1, signal, lead: transport.lead },
      async open(opening) {
        const end = await transport.open(opening, silentLog);
        opened();
        return end;
      },
      observer: {
        onPresence: (name, present) => presence.push(`${name} ${present ? 'comes' : 'goes'}`),
      },
    });
    try {
      await Promise.race([open, serving]);
      const url = /listens on (\S+)/.exec(printed.join('\n'))?.[1] ?? '';
      const operator = operateHub(url, handedOut(out).tokens.get('operator') ?? '', {});
      const [native, page] = ['environment-1', 'environment-2'] as const;
      const tokenOf = (name: string) => operator.issueToken({ role: 'participant', name });
      const nativeToken = await tokenOf(native);
      const ends = await Promise.all([
        joinNats(server.url, {
          name: native,
          hub: (hubUrl, over) => moveBlobs(hubAddress(hubUrl, nativeToken, {}), { over }),
        }),
        joinHubFromPage(url, { token: await tokenOf(page) }),
      ]);
      const takePart = async (end: ParticipantEnd, name: string, k: number) => {
        const outcome = await joinFederation(end, name, {
          data: sample,
          choice: shareChoice(`v:${k}/2`),
          folder: join(folder, name),
        });
        await end.close();
        return outcome;
      };
      const [{ result }, ...outcomes] = await Promise.all([
        serving,
        takePart(ends[0], native, 1),
        takePart(ends[1], page, 2),
      ]);
      const { result: expected } = await runFederation(configuration, {
        out: join(folder, 'run'),
        workers: 1,
      });
      expect(result.model?.sha256).toBe(expected.model?.sha256);
      const model = await readFile(join(folder, 'run', 'model.safetensors'));
      for (const outcome of outcomes) {
        if (outcome.type !== 'finished') throw new Error(`it ${outcome.type}`);
        expect(model.equals(outcome.model ?? new Uint8Array())).toBe(true);
      }
      for (const name of [native, page]) {
        expect(presence.filter((line) => line.startsWith(name))).toEqual([`${name} comes`, `${name} goes`]);
      }
    } finally {
      abort();
      await serving.catch(() => undefined);
    }
  });
});

function withAbort() {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}
