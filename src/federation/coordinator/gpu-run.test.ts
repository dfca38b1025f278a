import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { noise } from '../../../test/noise.js';
import { sample } from '../../../test/run-command.js';
import { servedOverHub } from '../../../test/served-over-hub.js';
import { gpuOfTests } from '../../../test/software-gpu.js';
import { chooseGpu } from '../../engine/runtime/node/find-gpu.js';
import { replayRun } from '../../experiments/replay.js';
import type { ConfigurationInput } from '../../protocol/configuration/configuration.js';
import { type FederationOptions, runFederation } from './run-federation.js';

const gpu = await gpuOfTests();
const device = `webgpu (${gpu?.description})`;
const folder = mkdtempSync(join(tmpdir(), 'commonweight-gpu-'));
afterAll(() => rmSync(folder, { recursive: true }));

const data = { train: noise('my own pictures'), test: noise('test') };
const configuration: ConfigurationInput = {
  partition: { name: 'iid' },
  model: { name: 'mlp', hidden: [4] },
  optimizer: { name: 'adam', learningRate: 0.01 },
  local: { epochs: 2 },
  batchSize: 8,
  rounds: 2,
};

/** A run, with what it said of the work. */
async function run(options: FederationOptions) {
  const told = { losses: new Map<string, number>(), device: '', notices: [] as string[] };
  const { result, model } = await runFederation(configuration, {
    ...{ data, ...options },
    observer: {
      onNotice: (notice) => void told.notices.push(notice),
      onStart: (start) => void Object.assign(told, { device: start.device }),
      onProgress({ participant, round, epoch, epochDone, loss }) {
        if (epochDone) told.losses.set(`${participant} ${round} ${epoch}`, loss);
      },
    },
  });
  return { result, state: model!.data, ...told };
}

/** The largest relative difference. */
const difference = (actual: ArrayLike<number>, expected: ArrayLike<number>) =>
  Math.max(
    ...Array.from(expected, (x, i) => Math.abs((actual[i] as number) - x) / Math.max(1e-3, Math.abs(x))),
  );

describe.skipIf(gpu === undefined)('a federation on a GPU', () => {
  it('trains as on the CPU, and can be repeated there', async () => {
    const onCpu = await run({ device: 'cpu', workers: 1 });
    const out = join(folder, 'run');
    const onGpu = await run({ device: 'webgpu', out });
    expect([onCpu.device, onGpu.device]).toEqual(['cpu', device]);
    expect(onGpu.result.versions.device).toBe(device);
    expect([...onGpu.losses.keys()].sort()).toEqual([...onCpu.losses.keys()].sort());
    expect(onGpu.losses.size).toBe(8);
    for (const [epoch, loss] of onCpu.losses) {
      expect(difference([onGpu.losses.get(epoch)!], [loss]), epoch).toBeLessThan(1e-5);
    }
    expect(difference(onGpu.state, onCpu.state)).toBeLessThan(1e-3);

    const again = await replayRun(out, { data, device: 'webgpu' });
    expect([again.differences, again.versions]).toEqual([[], []]);
    const elsewhere = await replayRun(out, { data, device: 'cpu' });
    expect(elsewhere.versions).toEqual([{ of: 'device', recorded: device, here: 'cpu' }]);
  });

  it('has participants on a CPU beside it over a hub, with the plan that all have', async () => {
    const served: ConfigurationInput = {
      ...configuration,
      participants: ['site-a', 'site-b'],
      partition: { name: 'own', participants: 2 },
    };
    const joined = async (second: 'cpu' | 'webgpu') => {
      const notices: string[] = [];
      const onNotice = (notice: string) => void notices.push(notice);
      const { result, outcomes } = await servedOverHub(
        join(folder, second),
        served,
        { test: data.test },
        {
          ...{ 'site-a': { data: data.train, device: 'cpu' } },
          ...{ 'site-b': { data: noise('others'), device: second, onNotice } },
        },
      );
      expect(outcomes.map((outcome) => (outcome instanceof Error ? outcome.message : outcome.type))).toEqual([
        'finished',
        'finished',
      ]);
      return { notices, copied: result.rounds.flatMap(({ copied }) => copied) };
    };
    const [mixed, plain] = [await joined('webgpu'), await joined('cpu')];
    expect([mixed.notices, plain.notices]).toEqual([[`computing on ${device}`], ['computing on cpu']]);
    expect(mixed.copied).toHaveLength(4);
    expect(mixed.copied.map(({ name }) => name)).toEqual(plain.copied.map(({ name }) => name));
    const losses = ({ copied }: typeof mixed) => copied.map(({ validation }) => validation.loss!);
    expect(difference(losses(mixed), losses(plain))).toBeLessThan(1e-5);
  });

  it('is chosen by itself only in hardware, and not where threads of the CPU are counted', async () => {
    const byItself = await chooseGpu('auto');
    expect(byItself).toEqual(gpu!.software ? undefined : gpu);
    expect((await run({ workers: 1 })).device).toBe('cpu');
    await expect(run({ device: 'webgpu', workers: 2 })).rejects.toMatchObject({
      message: 'federation: 2 workers are requested, but a GPU has one',
      hint: 'leave out --workers, or choose --device cpu',
    });
  });

  it.skipIf(!gpu?.software)('is asked for memory before it is used, and says what would fit', () => {
    const { status, stderr } = commandWith('ulimit -v 3000000;', [
      ...['--network', 'paper-cnn', '--batch-size', '4096', '--device', 'webgpu'],
    ]);
    expect(stderr).toMatch(
      /^commonweight: federation: webgpu \(\w+\) gives \S+ GB of memory, but the network "paper-cnn" would need some 12\.\d GB there, with 4096 examples in a batch\n {2}a batch of \d+ would need some \S+ GB; or choose --device cpu\n$/,
    );
    expect(status).toBe(2);
  });
});

it('a GPU that is requested where there is none is refused in one line, by status 2', () => {
  const { status, stderr } = commandWith('VK_ICD_FILENAMES=/nowhere', [
    '--network',
    'mlp',
    '--device',
    'webgpu',
  ]);
  expect(stderr).toMatch(
    /^commonweight: runtime: WebGPU is requested, but there is no adapter: .+\n {2}install .+\n$/,
  );
  expect(status).toBe(2);
});

/** @param before what the shell does before it starts the command */
function commandWith(before: string, flags: readonly string[]) {
  const command = [process.execPath, 'dist/cli/main.js', 'run', '--dataset', sample, ...flags];
  return spawnSync('sh', ['-c', `${before} exec "$@"`, 'sh', ...command], { encoding: 'utf8' });
}
