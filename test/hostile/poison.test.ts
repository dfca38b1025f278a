/**
 * One participant with a valid token against all others: its update passes the guard, and from what
 * is merged nobody can train. The others wait, the operator sees who it is, drops it and goes back,
 * and the run ends as if it had never been there.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { Announcement } from '../../src/protocol/announcement.js';
import { decodeSafetensors, encodeSafetensors } from '../../src/tensor/safetensors.js';
import { stateLayout } from '../../src/tensor/state-dict.js';
import { joinHub } from '../../src/transport/hub/client/node/join-hub.js';
import { joinNats } from '../../src/transport/nats/participant/participant.js';
import type { ParticipantEnd } from '../../src/transport/transport.js';
import { commonweight } from '../command-in-process.js';
import { everyCase } from '../every-case.js';
import { handedOut } from '../handed-out.js';
import { certFile, guideConfiguration } from '../nats-guide.js';
import { natsServer, withoutNats } from '../nats-server.js';
import { type Started, sample, start } from '../run-command.js';

const honest = ['site-a', 'site-b'];
const settings = {
  ...{ dataset: sample, seed: 5, model: { name: 'mlp', hidden: [32] }, local: { epochs: 1 }, rounds: 3 },
  ...{ optimizer: { name: 'sgd', learningRate: 0.05 }, participants: [...honest, 'mallory'] },
  partition: { name: 'v', participants: 3 },
};
/** Of the network above, in images of 28 × 28 and ten classes. */
const layout = stateLayout([
  ['fc1.weight', [32, 784]],
  ['fc1.bias', [32]],
  ['fc2.weight', [10, 32]],
  ['fc2.bias', [10]],
]);
/** Half of the weights are +far, half −far, without a rule. */
const poison = (far: number) => {
  const size = layout.reduce((sum, { size }) => sum + size, 0);
  return encodeSafetensors({
    layout,
    data: Float32Array.from({ length: size }, (_, i) => (Math.sin(i * i) > 0 ? far : -far)),
  });
};

/**
 * Does what is asked of it, with weights that nobody can train from.
 * @param refusals why what it says is refused
 * @throws Error that says why it takes part no longer
 */
async function mallory(end: ParticipantEnd, refusals: string[]): Promise<void> {
  const examples = 9_000_000;
  const joined = { type: 'joined', validationExamples: 1, runtime: 'none' } as const;
  const say = async (announcement: Announcement) => {
    const receipt = await end.announce(announcement);
    if (!receipt.accepted) refusals.push(receipt.message);
    return receipt.accepted;
  };
  await say({ ...joined, examples: 2 ** 53 - 1 });
  await say({ ...joined, examples });
  for await (const assignment of end.assignments()) {
    // Over the hub it does not hear that, since its connection is ended.
    if (assignment.dropped?.includes('mallory')) {
      const receipt = await end.announce({ ...joined, examples });
      throw new Error(receipt.accepted ? 'it was let in again' : receipt.message);
    }
    if (assignment.type === 'evaluate' && assignment.waitingFor.includes('mallory')) {
      const { round, model } = assignment;
      await say({ type: 'evaluated', round, model: model.sha256, validation: { accuracy: 1 }, examples: 1 });
    }
    if (assignment.type !== 'train' || !assignment.waitingFor.includes('mallory')) continue;
    const { round, base } = assignment;
    for (const far of [9000, 90]) {
      const state = await end.upload(poison(far));
      const update = { state, examples, epochs: 1, examplesSeen: examples, loss: 1, seconds: 1 };
      const of = base === undefined ? {} : { base: base.sha256 };
      if (await say({ type: 'update', round, ...of, update })) break;
    }
  }
}

/** How a federation is reached. */
interface Route {
  /** Further arguments of `serve`. */
  readonly serve: readonly string[];
  /** Where a site joins, and as whom. */
  join(site: Site): readonly string[];
  /** Variables by which somebody gets in. */
  env(who: string): NodeJS.ProcessEnv;
  open(site: Site): Promise<ParticipantEnd>;
  close(): Promise<void>;
}

interface Site {
  readonly name: string;
  /** Of the hub. */
  readonly url: string;
  readonly token: string;
}

const overHub = async (): Promise<Route> => ({
  serve: [],
  join: ({ url, token }) => [url, '--token', token],
  env: () => ({}),
  open: ({ url, token }) => joinHub(url, { token }),
  close: async () => {},
});

/** Messages, models and updates: with the accounts of docs/nats.md. */
async function overNats(): Promise<Route> {
  const configuration = (folder: string) => guideConfiguration(folder, ['site-b', 'mallory']);
  const server = await natsServer({ configuration, jetStream: false, scheme: 'tls' });
  const ca = ['--tls-ca', certFile];
  return {
    serve: ['--nats', server.url, ...ca, '--nats-object-store'],
    join: ({ name }) => [server.url, '--name', name, ...ca],
    env: (user) => ({ COMMONWEIGHT_NATS_USER: user, COMMONWEIGHT_NATS_PASSWORD: 'right' }),
    open: ({ name }) =>
      joinNats(server.url, { name, access: { user: name, password: 'right', caFile: certFile } }),
    close: () => server.stop(),
  };
}

const goesOn = 'one token does not stop a federation';
const timeout = 240_000;

it(goesOn, { timeout }, ({ signal }) => expectGoesOn(overHub, signal));

if (everyCase)
  describe.skipIf(withoutNats)('over NATS', () => {
    it(goesOn, { timeout }, ({ signal }) => expectGoesOn(overNats, signal));
  });

async function expectGoesOn(routeTo: () => Promise<Route>, signal: AbortSignal): Promise<void> {
  const route = await routeTo();
  const folder = mkdtempSync(join(tmpdir(), 'commonweight-poison-'));
  const at = (...path: string[]) => join(folder, ...path);
  writeFileSync(at('federation.yaml'), stringify(settings));
  const started: Started[] = [];
  const begin = (who: string, args: readonly string[]) => {
    const one = start(args, { cwd: folder, env: route.env(who) });
    started.push(one);
    return one;
  };
  const killAll = () => {
    for (const { child } of started) child.kill('SIGKILL');
  };
  signal.addEventListener('abort', killAll);
  try {
    const hub = begin('coordinator', [
      ...['serve', 'federation.yaml', '--out', 'out', '--port', '0'],
      ...route.serve,
    ]);
    const said = await hub.until(/^round 1 /m);
    const url = /the hub listens on (\S+)\n/.exec(said)?.[1] ?? '';
    const { tokens } = handedOut(at('out'));
    const refusals: string[] = [];
    const site = (name: string): Site => ({ name, url, token: tokens.get(name) ?? '' });
    const end = await route.open(site('mallory'));
    const attack = mallory(end, refusals).catch((error: Error) => error);
    const joined = honest.map((name, k) =>
      begin(name, [
        ...['join', ...route.join(site(name)), '--out', name],
        ...['--data', sample, '--partition', `v:${k + 1}/3`],
      ]),
    );
    for (const name of honest) {
      await hub.until(new RegExp(`^${name} has left: its work failed: .*training diverges`, 'm'));
    }
    const warned = await hub.until(/the update of mallory lies \d+ times as far/);
    expect(warned).toMatch(/mallory says that it has 100\.0% of all examples/);
    expect(refusals).toEqual([
      expect.stringContaining('says that it has 9007199254740991 examples, expected at most 10000000'),
      expect.stringMatching(/lie 9\.00e\+3 from zero .* expected at most 100$/),
    ]);
    const asks = async (...args: readonly string[]) => {
      const { status, stdout, stderr } = await commonweight(
        [...args, '--token', tokens.get('operator') ?? ''],
        { cwd: folder },
      );
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      return stdout;
    };
    expect(await asks('status', url)).toMatch(/^warning: round 1: the update of mallory lies/m);
    expect(await asks('drop', url, 'mallory')).toMatch(
      /the models of round 1 hold its updates; `commonweight rollback \S+ --to 0`/,
    );
    expect(((await attack) as Error).message).toMatch(/mallory" was dropped from this run by its operator/);
    expect(await asks('rollback', url, '--to', '0')).toBe(
      'the run begins again; its participants are told\n',
    );
    for (const { ended } of joined) {
      const { status, stdout } = await ended;
      expect({ status, stdout }).toMatchObject({ status: 0 });
      expect(stdout).toContain('training diverges');
    }
    expect(await hub.ended).toMatchObject({ status: 0, stderr: '' });
    const replayed = await commonweight(['replay', 'out'], { cwd: folder });
    expect(replayed.stdout).toContain(
      'the model is what the journal says: all 3 rounds have the recorded bytes',
    );
    const { state } = decodeSafetensors(readFileSync(at('out', 'model.safetensors')), 'model');
    expect(state.data.every((value) => Math.abs(value) < 5)).toBe(true);
  } finally {
    signal.removeEventListener('abort', killAll);
    killAll();
    await Promise.all(started.map(({ ended }) => ended));
    rmSync(folder, { recursive: true });
    await route.close();
  }
}
