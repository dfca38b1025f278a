import { mkdtempSync, rmSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { afterAll, describe, expect, it } from 'vitest';
import { noise } from '../../../test/noise.js';
import { pictureColumns } from '../../../test/picture-columns.js';
import { downhill, slope } from '../../../test/slope-method.js';
import { sha256Of } from '../../base/node/sha256-of.js';
import { imageFacts } from '../../data/images/image-dataset.js';
import * as g from '../../engine/graph/build.js';
import { conv2d, dense } from '../../engine/nn/layers/layers.js';
import type { Network } from '../../engine/nn/layers/network.js';
import { OnnxModelBuilder } from '../../engine/onnx/model-builder.js';
import { type ConfigurationInput, parseConfiguration } from '../../protocol/configuration/configuration.js';
import { type Description, descriptionSchema } from '../../protocol/description.js';
import { decodeForeignPlan, encodeForeignPlan, type ForeignPlan } from '../../protocol/foreign-plan.js';
import { decodeSafetensors, encodeSafetensors } from '../../tensor/safetensors.js';
import { layoutSize, stateLayout } from '../../tensor/state-dict.js';
import { blobFolder } from '../../transport/blob-folder.js';
import { inProcess } from '../../transport/in-process.js';
import { runFederation } from '../coordinator/run-federation.js';
import { serveFederation } from '../coordinator/serve-federation.js';
import { FederationError } from '../error.js';
import { type JoinOptions, joinFederation } from '../participant/node/join-federation.js';
import { compileFederation } from './compile-federation.js';
import { compileDescription, describeFederation } from './description.js';
import { type Extensions, namedParts } from './extensions.js';
import { offeredPlan } from './foreign-plan.js';
import { planHash } from './plan-hash.js';
import { shareChoice } from './share-choice.js';

const root = mkdtempSync(join(tmpdir(), 'commonweight-foreign-'));
afterAll(() => rmSync(root, { recursive: true }));
let folders = 0;
const newFolder = () => join(root, `${++folders}`);

const network: Network = (scope, images) => {
  const x = g.relu(conv2d(scope.in('conv'), images, { filters: 3, kernel: 3, padding: 1 }));
  return dense(scope.in('fc'), g.flatten(x), 2);
};
const base: ConfigurationInput = {
  ...{ seed: 5, dataset: 'none', imageShape: [1, 4, 4], classNames: ['a', 'b'] },
  partition: { name: 'iid', participants: 2 },
  model: { name: 'custom' },
  // Of a set at hand it would be that set's own.
  normalization: { mean: [0], deviation: [1] },
  optimizer: { name: 'adam', learningRate: 0.01 },
  batchSize: 8,
  local: { epochs: 1 },
  rounds: 2,
};

/** Described and offered, as it comes by the wire. */
async function offered(changes: Partial<ConfigurationInput> = {}) {
  const configuration = parseConfiguration({ ...base, ...changes }, 'test');
  const facts = imageFacts([1, 4, 4], ['a', 'b']);
  const own = configuration.model.name === 'custom' ? network : undefined;
  const compiled = compileFederation(
    configuration,
    facts,
    namedParts(configuration, { network: own }, 'test'),
    'test',
  );
  const file = offeredPlan(compiled);
  const job = { job: '0123456789abcdef', participants: ['environment-1', 'environment-2'] };
  const foreignPlan = file && { sha256: sha256Of(file), bytes: file.length };
  const description = await describeFederation(compiled, { ...job, foreignPlan });
  return { compiled, file, description: descriptionSchema.parse(JSON.parse(JSON.stringify(description))) };
}

/** What a hostile coordinator offers: another plan, of which the description has the hash. */
async function forged(
  change: (plan: ForeignPlan) => Partial<ForeignPlan>,
  changes?: Partial<ConfigurationInput>,
) {
  const { description, file } = await offered(changes);
  const plan = decodeForeignPlan(file!);
  const other = { ...plan, ...change(plan) };
  const hash = await planHash({
    ...other,
    ...{ layout: stateLayout(other.tensors), frozen: stateLayout(other.frozen) },
  });
  return compileDescription({ ...description, plan: hash }, { foreignPlan: encodeForeignPlan(other) });
}

/** The model with one more field, in the graph or beside it. */
function withField(model: Uint8Array, number: number, value: Uint8Array): Uint8Array {
  return Buffer.concat([model, new BinaryWriter().tag(number, 2).bytes(value).finish()]);
}

describe('a plan that is offered', () => {
  it.each<[string, Partial<ConfigurationInput>]>([
    ['as it is', {}],
    [
      'with clipping and another optimizer',
      { clipNorm: 1, optimizer: { name: 'sgd', learningRate: 0.1, momentum: 0.9 } },
    ],
    ['with a correction of the loss', { correction: { name: 'fed-lc' } }],
    ['with the Fisher information', { strategy: 'fisher-mean', fisherExamples: 7 }],
  ])(
    'is the plan that the coordinator has, but for what participants have no use for: %s',
    async (_, changes) => {
      const { compiled, description, file } = await offered(changes);
      const taken = await compileDescription(description, { foreignPlan: file });
      expect(taken.plan).toEqual({ ...compiled.plan, permutationGroups: [] });
      expect(taken.methods.map(({ name }) => name)).toEqual(compiled.methods.map(({ name }) => name));
      expect(taken.methodPlans).toEqual(compiled.methodPlans);
      expect(taken.model).toEqual(compiled.model);
      expect(() => taken.initialState('environment-1')).toThrow('expected the weights themselves');
    },
  );

  it('is not offered where everybody compiles it, or draws weights by the network', async () => {
    const known = await offered({ model: { name: 'mlp', hidden: [3] } });
    expect(known.file).toBeUndefined();
    expect(known.description).not.toHaveProperty('foreignPlan');
    const independent = await offered({ initialWeights: 'independent' });
    await expect(compileDescription(independent.description)).rejects.toThrow(
      'no network is given, and each participant draws its own initial weights by it',
    );
    const { foreignPlan: _, ...closed } = (await offered()).description;
    await expect(compileDescription(closed)).rejects.toThrow('and the coordinator offers no plan');
  });

  it('is offered of any network where the coordinator says so, unless weights are drawn by the network', async () => {
    const compile = (changes: Partial<ConfigurationInput>) => {
      const configuration = parseConfiguration({ ...base, model: { name: 'mlp' }, ...changes }, 'test');
      const facts = imageFacts([1, 4, 4], ['a', 'b']);
      return compileFederation(configuration, facts, namedParts(configuration, {}, 'test'), 'test');
    };
    const compiled = compile({});
    expect(offeredPlan(compiled)).toBeUndefined();
    const { trainingModel, tensors } = decodeForeignPlan(offeredPlan(compiled, true)!);
    expect(trainingModel).toEqual(compiled.plan.trainingModel);
    expect(tensors.map(([name]) => name)).toContain('fc1.weight');
    expect(() => offeredPlan(compile({ initialWeights: 'independent' }), true)).toThrow('"initialWeights"');
  });

  it('is not taken unless somebody says so, and told what that means', async () => {
    const { description } = await offered();
    const refusal = compileDescription(description);
    await expect(refusal).rejects.toThrow('"model.name" is "custom", which is the coordinator’s own code');
    await expect(refusal).rejects.toHaveProperty(
      'hint',
      expect.stringMatching(
        /joinFederation\(end, name, \{ extensions: \{ network \} \}\).*--accept-foreign-plan: .*could copy them/,
      ),
    );
  });
});

describe('a plan that is accepted', () => {
  it('is refused when it is not that of the description', async () => {
    const { description } = await offered();
    const { file } = await offered({ batchSize: 9 });
    await expect(compileDescription(description, { foreignPlan: file })).rejects.toThrow(
      /the plan that the coordinator offers has the SHA-256 \w{64}, expected \w{64}, that of its description/,
    );
  });

  it.each<[string, (file: Uint8Array) => Uint8Array]>([
    ['it ends within its header', (file) => file.subarray(0, 20)],
    ['it ends within its header', () => new Uint8Array(3)],
    ['its header is not JSON', (file) => file.map((byte, at) => (at === 8 ? 0 : byte))],
    [/it has \d+ bytes, expected/.source, (file) => file.subarray(0, file.length - 1)],
    [
      'its header: "version"',
      (file) =>
        Buffer.from(Buffer.from(file).toString('latin1').replace('"version":1', '"version":2'), 'latin1'),
    ],
  ])('is refused when its file cannot be read: %s', async (problem, change) => {
    const { description, file } = await offered();
    const foreignPlan = change(file!);
    await expect(compileDescription(description, { foreignPlan })).rejects.toThrow(new RegExp(problem));
  });

  it('is refused when it takes more memory than there is to be, by what it says or by what it has', async () => {
    const { description, file } = await offered();
    const narrow = compileDescription(description, { foreignPlan: file, mostMemoryBytes: 1000 });
    await expect(narrow).rejects.toThrow(
      'the network "custom" on images u8[1,4,4], 8 examples in a batch, would need some',
    );
    await expect(forged(() => ({ memoryBytes: 1e12 }))).rejects.toThrow('would need some 1,000 GB');
    const liar = forged(() => ({ memoryBytes: 1, tensors: [['w', [2 ** 31, 2 ** 31]]] }));
    await expect(liar).rejects.toThrow('of memory here');
  });

  it.each<[string, (plan: ForeignPlan) => Partial<ForeignPlan>]>([
    [
      'the training model that the coordinator offers has functions',
      ({ trainingModel }) => ({ trainingModel: withField(trainingModel, 25, new Uint8Array(0)) }),
    ],
    [
      'the evaluation model that the coordinator offers has metadata',
      ({ evaluationModel }) => ({ evaluationModel: withField(evaluationModel, 14, new Uint8Array(0)) }),
    ],
    [
      'does not fit: it does not give "nextState"',
      ({ evaluationModel }) => ({ trainingModel: evaluationModel }),
    ],
    [
      'does not fit: it does not give "sum.correct"',
      ({ trainingModel }) => ({ evaluationModel: trainingModel }),
    ],
    ['does not fit: its input "state" is f32[', ({ tensors }) => ({ tensors: tensors.slice(1) })],
    ['there are two tensors named', ({ tensors }) => ({ tensors: [...tensors, tensors[0]!] })],
    ['has the operator "NonZero"', () => ({ trainingModel: hostile('NonZero' as 'Relu') })],
  ])('is refused when its models are not what they should be: %s', async (problem, change) => {
    await expect(forged(change)).rejects.toThrow(problem);
  });

  it('is refused when its description is of another batch, image or optimizer than its models', async () => {
    const { description, file } = await offered();
    const { configuration } = description;
    const other = (changes: Partial<Description>) =>
      compileDescription({ ...description, ...changes }, { foreignPlan: file });
    await expect(other({ configuration: { ...configuration, batchSize: 9 } })).rejects.toThrow(
      'u8[8,1,4,4], expected u8[9,1,4,4]',
    );
    await expect(other(pictureColumns([1, 4, 5], ['a', 'b']))).rejects.toThrow(
      'u8[8,1,4,4], expected u8[8,1,4,5]',
    );
    const sgd = parseConfiguration({ ...base, optimizer: { name: 'sgd', learningRate: 0.1 } }, 'test');
    await expect(other({ configuration: sgd })).rejects.toThrow('its input "slot0" is not expected');
  });

  it('is refused without the model of the Fisher information where a strategy needs it, or with another', async () => {
    const settings = { strategy: 'fisher-mean' } as const;
    await expect(forged(() => ({ methods: {} }), settings)).rejects.toThrow(
      'no model of the Fisher information',
    );
    const swapped = forged(
      ({ evaluationModel: model }) => ({ methods: { fisher: { batchSize: 25, signs: 2, model } } }),
      settings,
    );
    await expect(swapped).rejects.toThrow('does not fit: it does not give "sum"');
  });
});

/** With the signature of a training step, and a sum of vectors that do not go together. */
function misfit(size: number): Uint8Array {
  const model = new OnnxModelBuilder();
  const state = model.input('state', 'f32', [size]);
  model.output('nextState', model.node('Add', [state, model.floats([1, 2, 3])]), 'f32', [size]);
  model.output('lossSum', model.float(1), 'f32', []);
  model.output('counted', model.float(1), 'f32', []);
  return model.bytes();
}

function hostile(operator: 'Relu'): Uint8Array {
  const model = new OnnxModelBuilder();
  model.output('y', model.node(operator, [model.input('x', 'f32', [1])]), 'f32', [1]);
  return model.bytes();
}

describe('training by an accepted plan', () => {
  async function served(
    configuration: ConfigurationInput,
    of: (k: number) => Partial<JoinOptions>,
    extensions: Extensions = { network },
  ) {
    const transport = inProcess();
    const out = newFolder();
    let opened = () => {};
    const ready = new Promise<void>((done) => {
      opened = done;
    });
    const serving = serveFederation(configuration, {
      ...{ out, extensions, workers: 1 },
      async open({ handlers, blobs }) {
        const end = transport.openCoordinator(handlers, blobs);
        opened();
        return end;
      },
    });
    await Promise.race([ready, serving]);
    const joining = [1, 2].map(async (k) => {
      const name = `environment-${k}`;
      const end = transport.openParticipant(name);
      const options = { data: noise('noise'), choice: shareChoice(`iid:${k}/2`), folder: newFolder() };
      return joinFederation(end, name, { ...options, ...of(k) }).finally(() => end.close());
    });
    const { foreignPlan } = transport.openParticipant('environment-1').description;
    const [, ...outcomes] = await Promise.all([serving, ...joining]);
    return { outcomes, out, foreignPlan };
  }

  it('ends in words where the engine will not run what has passed', async () => {
    const { description, file } = await offered({ optimizer: { name: 'sgd', learningRate: 0.1 } });
    const plan = decodeForeignPlan(file!);
    const layout = stateLayout(plan.tensors);
    const other = { ...plan, trainingModel: misfit(layoutSize(layout)) };
    const blobs = await blobFolder(newFolder());
    const foreignPlan = await blobs.put(encodeForeignPlan(other));
    const transport = inProcess();
    const coordinator = transport.openCoordinator(
      {
        description: { ...description, foreignPlan, plan: await planHash({ ...other, layout, frozen: [] }) },
        receive: async () => ({ accepted: true }),
      },
      blobs,
    );
    const state = { layout, data: new Float32Array(layoutSize(layout)) };
    await coordinator.publish({
      ...{ type: 'train', round: 1, epoch: 1, sequence: 1, waitingFor: ['environment-1'] },
      base: await blobs.put(encodeSafetensors(state)),
    });
    const end = transport.openParticipant('environment-1');
    const joined = joinFederation(end, 'environment-1', { data: noise('noise'), acceptForeignPlan: true });
    await expect(joined).rejects.toThrow(FederationError);
    await expect(joined).rejects.toThrow('the plan that was accepted cannot be carried out here');
    await end.close();
  });

  it.each<[string, Partial<ConfigurationInput>, Extensions?]>([
    [
      'a strategy on updates, a server optimizer, and aligned models',
      { mergeOn: 'updates', server: { name: 'fed-adam' }, align: true },
    ],
    ['SCAFFOLD', { optimizer: { name: 'sgd', learningRate: 0.1 }, correction: { name: 'scaffold' } }],
    ['the Fisher information', { strategy: 'fisher-mean', fisherExamples: 8 }],
    [
      'a method of one’s own with a graph, which comes with the plan',
      { strategy: 'downhill', compare: ['fisher-mean'] },
      { methods: [slope], strategies: [downhill] },
    ],
  ])('gives the weights of a run in which everybody has the network: %s', async (_, changes, own = {}) => {
    const configuration = { ...base, ...changes };
    const extensions = { ...own, network };
    const accepted = await served(
      configuration,
      (k) => (k === 1 ? { extensions } : { extensions: own, acceptForeignPlan: true }),
      extensions,
    );
    const { dataset: __, imageShape: ___, classNames: ____, ...local } = configuration;
    const data = { train: noise('noise'), test: noise('test') };
    const alone = newFolder();
    await runFederation(local, { extensions, data, out: alone, workers: 1 });
    const file = await readFile(join(accepted.out, 'model.safetensors'));
    const weights = (bytes: Uint8Array) => decodeSafetensors(bytes, 'a model').state;
    // The two files say that they were trained on other sets.
    expect(weights(file)).toEqual(weights(await readFile(join(alone, 'model.safetensors'))));
    // Who comes late finds it still.
    expect(await readdir(join(accepted.out, 'blobs'))).toContain(accepted.foreignPlan?.sha256);
    for (const outcome of accepted.outcomes) {
      expect(outcome.type === 'finished' && file.equals(outcome.model ?? new Uint8Array(0))).toBe(true);
    }
  });
});
