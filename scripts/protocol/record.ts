/**
 * Records the exchange of one participant with a hub: a small federation on this machine, with a
 * proxy between the two.
 */
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type JoinOptions,
  joinFederation,
  joinHub,
  openHub,
  openTokens,
  serveFederation,
} from 'commonweight/node';
import { WebSocket, WebSocketServer } from 'ws';
import { stripeNet, stripes } from '../../examples/own-network.js';
import { readModel } from '../../src/engine/onnx/import/read-model.js';
import { decodeForeignPlan, planHeaderSchema } from '../../src/protocol/foreign-plan.js';
import { readSubprotocols } from '../../src/protocol/frames.js';
import { PROTOCOL_VERSION } from '../../src/protocol/version.js';
import { type Exchange, type ExchangeEntry, exchangeFile } from './exchange.js';

/** What a request or an answer says of itself that matters. */
const shown = /^(upload-|if-none-match|range|content-(length|range|type)$|authorization|accept-ranges)/;

interface Recorded {
  readonly entries: ExchangeEntry[];
  /** By their paths. */
  readonly bodies: Map<string, Buffer>;
}

export async function recordExchange(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'exchange-'));
  const recorded: Recorded = { entries: [], bodies: new Map() };
  try {
    await federate(folder, recorded);
    writeFileSync(exchangeFile, `${JSON.stringify(exchangeOf(recorded), null, 1)}\n`);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/**
 * One round of two participants, of which "seoul" comes by the proxy and accepts the coordinator's
 * plan.
 */
async function federate(folder: string, recorded: Recorded): Promise<void> {
  const tokens = await openTokens(join(folder, 'tokens.json'));
  const participate = async (url: string, name: string) => {
    const end = await joinHub(url, { token: await tokens.issue({ role: 'participant', name }) });
    const data = stripes(name, 40);
    const options: JoinOptions =
      name === 'seoul' ? { data, acceptForeignPlan: true } : { data, extensions: { network: stripeNet } };
    try {
      await joinFederation(end, name, options);
    } finally {
      await end.close();
    }
  };
  const participants: Promise<void>[] = [];
  let closeProxy = () => {};
  await serveFederation(
    {
      dataset: 'none',
      imageShape: [1, 12, 12],
      classNames: ['—', '|'],
      partition: { name: 'own', participants: 2 },
      participants: ['seoul', 'lyon'],
      model: { name: 'custom' },
      optimizer: { name: 'adam', learningRate: 0.01 },
      batchSize: 16,
      local: { epochs: 1 },
      rounds: 1,
    },
    {
      extensions: { network: stripeNet },
      out: join(folder, 'run'),
      async open({ handlers, blobs, folder: run, operator }) {
        const hub = await openHub(handlers, {
          blobs,
          tokens,
          uploadsFolder: join(run, 'uploads'),
          operator,
        });
        const proxy = await recordingProxy(hub.port, recorded);
        closeProxy = proxy.close;
        participants.push(participate(proxy.url, 'seoul'), participate(hub.url, 'lyon'));
        return hub;
      },
    },
  );
  await Promise.all(participants);
  closeProxy();
}

async function recordingProxy(port: number, recorded: Recorded) {
  const { entries } = recorded;
  const server = createServer((incoming, outgoing) => {
    const { method = '', url = '', headers } = incoming;
    const onward = request({ port, method, path: url, headers }, (answer) => {
      const entry = { method, path: url, request: shownOf(incoming), status: answer.statusCode ?? 0 };
      entries.push({ type: 'http', ...entry, response: shownOf(answer) });
      outgoing.writeHead(answer.statusCode ?? 0, answer.headers);
      if (method === 'GET') keepBody(answer, url, recorded);
      answer.pipe(outgoing);
    });
    if (method === 'PUT') keepBody(incoming, url, recorded);
    incoming.pipe(onward);
  });
  const sockets = new WebSocketServer({
    server,
    handleProtocols: (offered) => readSubprotocols(offered).name ?? false,
  });
  sockets.on('connection', (near, { url, headers }) => {
    const protocols = (headers['sec-websocket-protocol'] ?? '').split(',').map((each) => each.trim());
    const far = new WebSocket(`ws://127.0.0.1:${port}${url}`, protocols);
    far.on('message', (data) => pass('hub', String(data), near));
    near.on('message', (data) => pass('participant', String(data), far));
    far.on('close', () => near.close());
    near.on('close', () => far.close());
  });
  const pass = (from: 'participant' | 'hub', text: string, to: WebSocket) => {
    entries.push({ type: 'frame', from, text });
    to.send(text);
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close };
}

function shownOf({ headers }: IncomingMessage): Record<string, string> {
  const said = Object.entries(headers).filter(([name]) => shown.test(name));
  return Object.fromEntries(
    said.map(([name, value]) => [name, name === 'authorization' ? 'Bearer TOKEN' : String(value)]),
  );
}

function keepBody(from: IncomingMessage, path: string, { bodies }: Recorded): void {
  const pieces: Buffer[] = [];
  from.on('data', (piece: Buffer) => pieces.push(piece));
  from.on('end', () => bodies.set(path, Buffer.concat(pieces)));
}

function exchangeOf({ entries, bodies }: Recorded): Exchange {
  const http = entries.filter((entry) => entry.type === 'http');
  const bodyOf = (method: string) => bodies.get(http.find((entry) => entry.method === method)?.path ?? '');
  const [plan, update] = [bodyOf('GET'), bodyOf('PUT')];
  if (plan === undefined || update === undefined) throw new Error('the participant did not take its part');
  const { trainingModel, evaluationModel } = decodeForeignPlan(plan);
  const header = plan.subarray(8, 8 + Number(plan.readBigUInt64LE(0))).toString();
  const signatureOf = (model: Uint8Array, what: string) => {
    const { inputs, outputs } = readModel(model, what);
    const plain = ({ name, type, shape }: (typeof inputs)[number]) => ({ name, type, shape: [...shape] });
    return { inputs: inputs.map(plain), outputs: outputs.map(plain) };
  };
  return {
    protocol: PROTOCOL_VERSION,
    entries,
    plan: {
      header: planHeaderSchema.parse(JSON.parse(header)),
      training: signatureOf(trainingModel, 'the training model'),
      evaluation: signatureOf(evaluationModel, 'the evaluation model'),
    },
    updateHeader: update
      .subarray(8, 8 + Number(update.readBigUInt64LE(0)))
      .toString()
      .trimEnd(),
  };
}
