import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { handWrittenRounds } from '../examples/hand-written-round.js';
import { ownCodec } from '../examples/own-codec.js';
import { ownMethod } from '../examples/own-method.js';
import { ownNetwork } from '../examples/own-network.js';
import { ownNetworkServed } from '../examples/own-network-served.js';
import { ownStrategy } from '../examples/own-strategy.js';
import { ownTask } from '../examples/own-task.js';
import { quickStart } from '../examples/quick-start.js';
import { threeProcesses } from '../examples/three-processes.js';
import { readConfigurationFile } from '../src/cli/flags/configuration-file.js';
import { imageFacts } from '../src/data/images/image-dataset.js';
import { runFederation } from '../src/federation/coordinator/run-federation.js';
import { compileFederation } from '../src/federation/plan/compile-federation.js';
import { namedParts } from '../src/federation/plan/extensions.js';
import { parseConfiguration } from '../src/protocol/configuration/configuration.js';
import { distributedProblem } from '../src/protocol/configuration/distributed-problem.js';

const sample = resolve(import.meta.dirname, 'fixtures/fashion-mnist-sample');

afterEach(() => void vi.restoreAllMocks());

describe('the examples', () => {
  it.each(['federation', 'disjoint-classes', 'under-attack'])(
    '%s.yaml holds settings that there are',
    (name) => {
      const text = readFileSync(resolve(import.meta.dirname, `../examples/${name}.yaml`), 'utf8');
      expect(parseConfiguration(parse(text), name).dataset).toBe('fashion-mnist');
    },
  );

  it('fine-tuning.yaml holds settings that there are, and names the file that its script writes', async () => {
    const file = resolve(import.meta.dirname, '../examples/fine-tuning.yaml');
    const configuration = parseConfiguration(await readConfigurationFile(file), 'fine-tuning');
    expect(configuration.model).toMatchObject({ name: 'onnx', onnx: resolve(file, '../../resnet18.onnx') });
    const script = readFileSync(resolve(file, '../python/export_resnet.py'), 'utf8');
    expect(script).toContain('"resnet18.onnx"');
    expect(script).toContain(`SIDE = ${configuration.imageSize}`);
  });

  it('across-machines.yaml can be served, by whoever has no images', async () => {
    const text = readFileSync(resolve(import.meta.dirname, '../examples/across-machines.yaml'), 'utf8');
    const configuration = parseConfiguration(parse(text), 'across-machines');
    expect(distributedProblem(configuration)).toBeUndefined();
    const { imageShape, classNames = [], participants, partition } = configuration;
    expect(participants).toHaveLength(partition.participants);
    const facts = imageFacts(imageShape!, classNames!);
    const federation = compileFederation(configuration, facts, namedParts(configuration, {}, ''), '');
    expect(federation.initialState('seoul').layout.at(-1)?.shape).toEqual([classNames.length]);
  });

  it('quick-start trains and merges', async () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => {});
    const { result, model } = await quickStart(sample);
    expect(result.rounds).toHaveLength(3);
    expect(result.rounds.at(-1)?.merged.mean?.test.accuracy).toBeGreaterThan(0.6);
    expect(model?.layout.map(({ name }) => name)).toContain('fc1.weight');
    expect(log).toHaveBeenCalledTimes(3);
  });

  it('three-processes comes to one model, of which everybody has a copy', async () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => {});
    const out = mkdtempSync(join(tmpdir(), 'three-processes-'));
    try {
      expect(await threeProcesses(sample, out)).toBeGreaterThan(0.6);
      expect(log.mock.calls.flat()).toContain('site-b: the run is over: all rounds are done');
    } finally {
      rmSync(out, { recursive: true });
    }
  });

  it('hand-written-round has, to the bit, the weights of a run with a coordinator', async () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => {});
    const byHand = await handWrittenRounds(sample);
    const lines = log.mock.calls.flat();
    expect(lines).toContainEqual(expect.stringMatching(/^round 3: \d\d\.\d\d% on the test images$/));
    expect(lines.at(-1)).toMatch(/^ {2}with environment-3: \d\d\.\d\d%$/);
    const { model } = await runFederation({
      ...{ dataset: sample, partition: { name: 'v', participants: 3 }, model: { name: 'mlp' } },
      ...{ optimizer: { name: 'adam', learningRate: 0.001 }, local: { epochs: 1 }, rounds: 3 },
      normalization: { mean: [0], deviation: [1] },
    });
    expect(byHand.layout).toEqual(model?.layout);
    // As bytes: the differences of two arrays as large as these take minutes to print.
    const bytes = [byHand, model!].map(({ data }) =>
      Buffer.from(data.buffer, data.byteOffset, data.byteLength),
    );
    expect(bytes[0]!.equals(bytes[1]!)).toBe(true);
  });

  it('own-task learns rates by a loss of its own, and is measured by its own figure', async () => {
    vi.spyOn(console, 'log').mockImplementation(() => {});
    expect(await ownTask()).toBeLessThan(1.4);
  });

  it('own-network learns stripes until every participant passes', async () => {
    vi.spyOn(console, 'log').mockImplementation(() => {});
    expect((await ownNetwork()).stopped.reason).toBe('every-participant-passed');
  });

  it('own-network-served gives the model to who has the network and to who accepts its plan', async () => {
    vi.spyOn(console, 'log').mockImplementation(() => {});
    const { result, models } = await ownNetworkServed();
    const copied = result.rounds.at(-1)?.copied ?? [];
    expect(copied.map(({ name }) => name).sort()).toEqual(['accepts-it', 'has-it']);
    for (const { validation } of copied) expect(validation.accuracy).toBeGreaterThan(0.9);
    expect(models[0]).toBeDefined();
    expect(models[1]).toEqual(models[0]);
  });

  it('own-method weighs the updates by what travels with them', async () => {
    vi.spyOn(console, 'table').mockImplementation(() => {});
    const { merged } = (await ownMethod(sample)).rounds[1]!;
    expect(Object.keys(merged)).toEqual(['movement-mean', 'mean']);
    expect(merged['movement-mean']).not.toEqual(merged.mean);
  });

  it('own-codec learns about as well in a quarter of the bytes', async () => {
    vi.spyOn(console, 'log').mockImplementation(() => {});
    const [plain, coded] = [await ownCodec(sample, 'plain'), await ownCodec(sample)];
    expect(coded.model).not.toBe(plain.model);
    expect(Math.abs(coded.accuracy - plain.accuracy)).toBeLessThan(0.03);
    expect(coded.accuracy).toBeGreaterThan(0.6);
  });

  it('own-strategy is compared with others', async () => {
    vi.spyOn(console, 'table').mockImplementation(() => {});
    const result = await ownStrategy(sample);
    expect(Object.keys(result.rounds[0]?.merged ?? {})).toEqual(['midrange', 'mean', 'max']);
  });
});
