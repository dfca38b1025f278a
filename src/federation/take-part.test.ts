import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { imageDataset } from '../data/image-dataset.js';
import type { Announcement, Progress, Receipt } from '../protocol/announcement.js';
import type { Assignment } from '../protocol/assignment.js';
import { type ConfigurationInput, parseConfiguration } from '../protocol/configuration.js';
import type { Description } from '../protocol/description.js';
import { randomStream } from '../tensor/random.js';
import { decodeSafetensors, encodeSafetensors } from '../tensor/safetensors.js';
import { blobFolder } from '../transport/blob-folder.js';
import { TransportError } from '../transport/error.js';
import { inProcess } from '../transport/in-process.js';
import type { ParticipantEnd } from '../transport/transport.js';
import { compileFederation } from './compile-federation.js';
import { describeFederation } from './description.js';
import { DivergedError, FederationError } from './error.js';
import { strategiesOf } from './federation-plan.js';
import { type JoinOptions, joinFederation } from './join-federation.js';
import { runFederation } from './run-federation.js';
import { shareChoice } from './share-choice.js';
import type { TakePartEvent } from './take-part.js';

const root = mkdtempSync(join(tmpdir(), 'commonweight-take-part-'));
afterAll(() => rmSync(root, { recursive: true }));
let folders = 0;
const newFolder = () => join(root, `${++folders}`);

function noise(name: string) {
  const random = randomStream(3, name);
  return imageDataset({
    name,
    images: Uint8Array.from({ length: 60 * 16 }, () => random.integer(256)),
    labels: Uint8Array.from({ length: 60 }, (_, index) => index % 2),
    channels: 1,
    height: 4,
    width: 4,
    classNames: ['a', 'b'],
  });
}
const data = { train: noise('noise'), test: noise('test') };
const base: ConfigurationInput = {
  seed: 11,
  dataset: 'noise',
  partition: { name: 'iid' },
  model: { name: 'mlp', hidden: [4] },
  optimizer: { name: 'sgd', learningRate: 0.1 },
  batchSize: 8,
  local: { epochs: 2 },
  rounds: 3,
};
const name = 'environment-1';
const scaffold = { ...base, correction: { name: 'scaffold' } } as const;

/** What `run` on one machine makes: of every round the facts, the model and the common control variate. */
async function recordedRun(input: ConfigurationInput) {
  const out = newFolder();
  const updates = new Map<string, { sha256: string } & Record<string, unknown>>();
  const copies = new Map<string, number>();
  const controls: Uint8Array[] = [];
  const models: Uint8Array[] = [];
  await runFederation(input, {
    ...{ data, out, workers: 2 },
    observer: {
      onEvent(event) {
        if (event.type === 'update-received')
          updates.set(`${event.round} ${event.update.participant}`, event.update);
        if (event.type === 'copy-evaluated')
          copies.set(`${event.round} ${event.participant}`, event.validationAccuracy);
        if (event.type !== 'merged') return;
        models[event.round] = readFileSync(join(out, `models/round-${event.round}.safetensors`));
        if (event.control !== undefined)
          controls[event.round] = readFileSync(join(out, `controls/round-${event.round}.safetensors`));
      },
    },
  });
  return { updates, copies, controls, models };
}

async function described(input: ConfigurationInput): Promise<Description> {
  const configuration = parseConfiguration(input, 'test');
  const facts = { imageShape: [1, 4, 4], classNames: ['a', 'b'] } as const;
  const compiled = compileFederation(configuration, facts, strategiesOf(configuration, [], 'test'), 'test');
  const participants = Array.from(
    { length: configuration.partition.participants },
    (_, index) => `environment-${index + 1}`,
  );
  return describeFederation(compiled, { job: '0123456789abcdef', participants });
}

type Unsent = Assignment extends infer One
  ? One extends Assignment
    ? Omit<One, 'epoch' | 'sequence'>
    : never
  : never;

/** A coordinator by hand: it says what a test tells it to, remembers what it hears, and knows nothing. */
async function scripted(input: ConfigurationInput) {
  const description = await described(input);
  const transport = inProcess();
  const blobs = await blobFolder(newFolder());
  const heard: Announcement[] = [];
  const told: Progress[] = [];
  let wake = () => {};
  let sequence = 0;
  const script = {
    description,
    blobs,
    heard,
    told,
    answer: (_: Announcement): Receipt => ({ accepted: true }),
    open: () => transport.openParticipant(name),
    publish: (assignment: Unsent, epoch = 1) =>
      coordinator.publish({ ...assignment, epoch, sequence: ++sequence } as Assignment),
    /** Resolves with what was heard of this type in this round, from the `from`th announcement on. */
    async hears<Type extends Announcement['type']>(type: Type, round?: number, from = 0) {
      for (;;) {
        const found = heard
          .slice(from)
          .find(
            (one) => one.type === type && (round === undefined || ('round' in one && one.round === round)),
          );
        if (found !== undefined) return found as Extract<Announcement, { type: Type }>;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
  const coordinator = transport.openCoordinator(
    {
      description,
      async receive(_, announcement) {
        heard.push(announcement);
        wake();
        return script.answer(announcement);
      },
      onProgress: (_, progress) => told.push(progress),
    },
    blobs,
  );
  return script;
}

/** Takes part with the share that `run` gives to this participant. */
function joined(end: ParticipantEnd, input: ConfigurationInput, options: Partial<JoinOptions> = {}) {
  const { name: partitioner, participants = 2 } = input.partition;
  const events: TakePartEvent[] = [];
  let see: (event: TakePartEvent) => void = () => {};
  const outcome = joinFederation(end, name, {
    data: data.train,
    choice: shareChoice(`${partitioner}:1/${participants}`),
    ...options,
    observer: {
      ...options.observer,
      onEvent(event) {
        events.push(event);
        see(event);
      },
    },
  });
  outcome.catch(() => undefined);
  /** Resolves with the next event of this type. */
  const event = (type: TakePartEvent['type']) =>
    new Promise<TakePartEvent>((resolve) => {
      see = (one) => one.type === type && resolve(one);
    });
  return { events, outcome, event };
}

const only = { waitingFor: [name] };

describe('the work of a participant elsewhere has the bytes of `run`', () => {
  const cases: [string, ConfigurationInput][] = [
    [
      'in epochs, from independent weights',
      { ...base, initialWeights: 'independent', optimizer: { name: 'adam' } },
    ],
    ['with SCAFFOLD', scaffold],
    [
      'with the Fisher information, in rounds that are not all evaluated',
      { ...base, compare: ['fisher-mean'], evaluateEvery: 2, fisherExamples: 9 },
    ],
    [
      'in steps, in rounds that not all are drawn for, with augmented images',
      {
        ...base,
        ...{ partition: { name: 'iid', participants: 3 }, participantsPerRound: 2, rounds: 5 },
        ...{ local: { steps: 5 }, augmentation: { flip: true } },
      },
    ],
    ['until a threshold', { ...base, local: { epochs: 5, threshold: 0.5 }, evaluateEvery: 3 }],
  ];
  it.each(cases)('%s', async (_, input) => {
    const run = await recordedRun(input);
    const script = await scripted(input);
    const end = script.open();
    const { outcome } = joined(end, input, { folder: newFolder() });
    for (let round = 1; round <= input.rounds; round++) {
      const [before, control] = [run.models[round - 1], run.controls[round - 1]];
      const expected = run.updates.get(`${round} ${name}`);
      const model = await script.blobs.put(run.models[round]!);
      if (expected !== undefined) {
        await script.publish({
          ...{ type: 'train', round, ...only },
          ...(before && { base: await script.blobs.put(before) }),
          ...(control && { control: await script.blobs.put(control) }),
        });
        const { update, base: from } = await script.hears('update', round);
        expect(from).toBe(before && (await script.blobs.put(before)).sha256);
        const { state, control: change, fisher, seconds: _seconds, ...told } = update;
        const { sha256, participant: _name, controls, fisher: information, seconds, ...known } = expected;
        expect(state.sha256).toBe(sha256);
        expect(change?.sha256).toBe((controls as { change: string } | undefined)?.change);
        expect(fisher?.sha256).toBe(information);
        expect(told).toEqual(known);
      }
      const copied = run.copies.get(`${round} ${name}`);
      if (copied === undefined) continue;
      await script.publish({ type: 'evaluate', round, ...only, model });
      const { validationAccuracy, examples } = await script.hears('evaluated', round);
      expect({ validationAccuracy, examples }).toEqual({
        validationAccuracy: copied,
        examples: input.partition.participants === 3 ? 2 : 3,
      });
    }
    const model = await script.blobs.put(run.models[input.rounds]!);
    await script.publish({ type: 'finished', reason: 'max-rounds', model });
    const finished = await outcome;
    expect(finished).toMatchObject({ type: 'finished', reason: 'max-rounds' });
    expect(Buffer.from((finished as { model: Uint8Array }).model)).toEqual(run.models[input.rounds]);
    await end.close();
  });
});

describe('a participant', () => {
  it('says what it brings, and of its labels only where it is told to', async () => {
    const script = await scripted(base);
    const [silent, open] = [new AbortController(), new AbortController()];
    joined(script.open(), base, { signal: silent.signal });
    const { labelCounts, ...rest } = await script.hears('joined');
    expect(labelCounts).toBeUndefined();
    expect(rest).toMatchObject({
      ...{ examples: 27, validationExamples: 3 },
      runtime: expect.stringMatching(/^onnxruntime-node .*, cpu$/),
    });
    const from = script.heard.length;
    const { outcome } = joined(script.open(), base, { signal: open.signal, shareLabelCounts: true });
    const counts = (await script.hears('joined', undefined, from)).labelCounts!;
    expect(counts[0]! + counts[1]!).toBe(30);
    silent.abort();
    open.abort();
    expect(await outcome).toEqual({ type: 'left' });
  });

  it('does nothing that is not asked of it', async () => {
    const script = await scripted(base);
    const { outcome, events, event } = joined(script.open(), base);
    const sees = async (assignment: Unsent) => {
      const seen = event('assigned');
      await script.publish(assignment);
      await seen;
    };
    await script.hears('joined');
    await sees({ type: 'train', round: 1, waitingFor: ['environment-2'] });
    await sees({ type: 'wait', round: 1 });
    await sees({ type: 'train', round: 1, ...only });
    const { update } = await script.hears('update', 1);
    await sees({ type: 'train', round: 1, waitingFor: ['environment-2'] });
    // The word of a coordinator that another has replaced.
    await script.publish({ type: 'train', round: 7, ...only }, 0);
    const model = await script.blobs.put(await script.blobs.get(update.state.sha256));
    await sees({ type: 'evaluate', round: 1, ...only, model });
    await script.hears('evaluated', 1);
    await script.publish({ type: 'finished', reason: 'failed', message: 'no disk' });
    expect(await outcome).toEqual({
      type: 'finished',
      reason: 'failed',
      message: 'no disk',
      model: undefined,
    });
    expect(script.heard.map(({ type }) => type)).toEqual(['joined', 'update', 'evaluated', 'left']);
    expect(events.filter(({ type }) => type === 'trained')).toHaveLength(1);
    const rounds = events.map((one) =>
      one.type === 'assigned' && 'round' in one.assignment ? one.assignment.round : 1,
    );
    expect(new Set(rounds)).toEqual(new Set([1]));
    expect(script.told.length).toBeGreaterThan(0);
  });

  it('answers once more what is asked for once more, for its answer was lost, but trains nothing twice', async () => {
    const script = await scripted(base);
    const { outcome, events, event } = joined(script.open(), base);
    await script.publish({ type: 'train', round: 1, ...only });
    const first = await script.hears('update', 1);
    for (const between of [undefined, 'wait', 'evaluate'] as const) {
      const from = script.heard.length;
      if (between !== undefined) {
        const seen = event('assigned');
        const model = await script.blobs.put(await script.blobs.get(first.update.state.sha256));
        if (between === 'wait') await script.publish({ type: 'wait', round: 1 });
        else await script.publish({ type: 'evaluate', round: 1, ...only, model });
        await seen;
        if (between === 'evaluate') await script.hears('evaluated', 1, from);
      }
      await script.publish({ type: 'train', round: 1, ...only });
      expect(await script.hears('update', 1, from)).toEqual(first);
    }
    await script.publish({ type: 'finished', reason: 'max-rounds' });
    await outcome;
    expect(events.filter((one) => one.type === 'trained').map(({ kept }) => kept)).toEqual([
      false,
      true,
      true,
      true,
    ]);
  });

  it('gives up its work for a newer assignment, and goes on with that', async () => {
    const steps = [
      { from: 1, steps: 5_000_000 },
      { from: 2, steps: 2 },
    ];
    const input = { ...base, local: { steps } };
    const script = await scripted(input);
    let started = () => {};
    const training = new Promise<void>((resolve) => {
      started = resolve;
    });
    const observer = {
      onProgress: ({ activity }: Progress) => activity === 'training' && started(),
    };
    const { outcome, events } = joined(script.open(), input, { observer });
    await script.publish({ type: 'train', round: 1, ...only });
    await training;
    const model = await script.blobs.put(initialModel(script.description));
    await script.publish({ type: 'train', round: 2, ...only, base: model });
    const { update } = await script.hears('update', 2);
    expect(update.steps).toBe(2);
    expect(events).toContainEqual({ type: 'given-up', round: 1, activity: 'train' });
    await script.publish({ type: 'finished', reason: 'stopped' });
    await outcome;
    expect(script.heard.map(({ type }) => type)).toEqual(['joined', 'update', 'left']);
  });

  it('takes a refusal as an answer, and goes on', async () => {
    const script = await scripted(base);
    script.answer = ({ type }) =>
      type === 'update'
        ? { accepted: false, reason: 'late', message: 'round 1 is closed' }
        : { accepted: true };
    const { outcome, events } = joined(script.open(), base);
    await script.publish({ type: 'train', round: 1, ...only });
    const { update } = await script.hears('update', 1);
    const model = await script.blobs.put(await script.blobs.get(update.state.sha256));
    await script.publish({ type: 'evaluate', round: 1, ...only, model });
    await script.hears('evaluated', 1);
    await script.publish({ type: 'finished', reason: 'max-rounds' });
    await outcome;
    expect(events).toContainEqual({
      type: 'answered',
      announcement: expect.objectContaining({ type: 'update', round: 1 }),
      receipt: { accepted: false, reason: 'late', message: 'round 1 is closed' },
    });
  });

  it('uploads once more what the coordinator has lost before it was announced', async () => {
    const script = await scripted(base);
    const lost: string[] = [];
    script.answer = (announcement) => {
      if (announcement.type !== 'update' || lost.length > 0) return { accepted: true };
      const { sha256 } = announcement.update.state;
      lost.push(sha256);
      rmSync(script.blobs.pathOf(sha256));
      return { accepted: false, reason: 'no-blob', message: 'it is not here' };
    };
    const { outcome } = joined(script.open(), base);
    await script.publish({ type: 'train', round: 1, ...only });
    await script.hears('update', 1);
    await script.hears('update', 1, script.heard.length);
    expect(await script.blobs.isSound(lost[0]!)).toBe(true);
    await script.publish({ type: 'finished', reason: 'stopped' });
    await outcome;
  });

  it('ends when the coordinator does not let it in', async () => {
    const script = await scripted(base);
    script.answer = () => ({ accepted: false, reason: 'not-expected', message: 'its seat is taken' });
    const { outcome } = joined(script.open(), base);
    await expect(outcome).rejects.toThrow(
      'federation: the coordinator does not let "environment-1" take part: its seat is taken',
    );
  });

  it('leaves in the middle of its work when it is told to, and says so', async () => {
    const input = { ...base, local: { steps: 5_000_000 } };
    const script = await scripted(input);
    const leaving = new AbortController();
    const observer = {
      onProgress: ({ activity }: Progress) => activity === 'training' && leaving.abort(),
    };
    const { outcome } = joined(script.open(), input, { observer, signal: leaving.signal });
    await script.publish({ type: 'train', round: 1, ...only });
    expect(await outcome).toEqual({ type: 'left' });
    expect(script.heard.at(-1)).toEqual({ type: 'left' });
  });

  it('tells everybody when its training diverges, and ends', async () => {
    const input: ConfigurationInput = { ...base, optimizer: { name: 'sgd', learningRate: 1e30 } };
    const script = await scripted(input);
    const { outcome } = joined(script.open(), input);
    await script.publish({ type: 'train', round: 1, ...only });
    await expect(outcome).rejects.toBeInstanceOf(DivergedError);
    const { message } = await script.hears('failed', 1);
    expect(message).toContain('training diverges');
  });

  it.each([
    ['of other tensors', [['x', [3]]], 'is missing'],
    ['that is not finite', undefined, 'holds NaN'],
  ] as const)('refuses to begin with a model %s', async (_, other, expected) => {
    const script = await scripted(base);
    const { outcome } = joined(script.open(), base);
    const sound = decodeSafetensors(initialModel(script.description), 'model').state;
    const layout = other
      ? other.map(([name, shape]) => ({ name, shape: [...shape], offset: 0, size: 3 }))
      : sound.layout;
    const values = other ? new Float32Array(3) : sound.data.with(5, NaN);
    const model = await script.blobs.put(encodeSafetensors({ layout, data: values }));
    await script.publish({ type: 'train', round: 1, ...only, base: model });
    await expect(outcome).rejects.toThrow(expected);
    expect((await script.hears('failed', 1)).message).toContain(
      'the model of round 1 that the coordinator offers',
    );
  });

  it('refuses a model that is far too large before it is downloaded', async () => {
    const script = await scripted(base);
    const { outcome } = joined(script.open(), base);
    const model = { sha256: 'a'.repeat(64), bytes: 1e12 };
    await script.publish({ type: 'train', round: 1, ...only, base: model });
    await expect(outcome).rejects.toThrow('has 1000000000000 bytes, expected at most');
  });

  it('ends with the channel', async () => {
    const script = await scripted(base);
    const end = script.open();
    const { outcome } = joined(end, base);
    await script.hears('joined');
    await end.close();
    await expect(outcome).rejects.toBeInstanceOf(TransportError);
  });
});

describe('a participant at the end of a run', () => {
  it('has the final model in its folder before it says goodbye', async () => {
    const script = await scripted(base);
    const folder = newFolder();
    let there: Buffer | undefined;
    script.answer = ({ type }) => {
      if (type === 'left') there = readFileSync(join(folder, 'model.safetensors'));
      return { accepted: true };
    };
    const { outcome } = joined(script.open(), base, { folder });
    const model = initialModel(script.description);
    await script.publish({ type: 'finished', reason: 'max-rounds', model: await script.blobs.put(model) });
    await outcome;
    expect(there).toEqual(Buffer.from(model));
  });
});

describe('a participant that is killed and comes back', () => {
  /** Dies when its update is announced: before the coordinator hears of it, or after. */
  function mortal(end: ParticipantEnd, heard: boolean): ParticipantEnd {
    return {
      ...end,
      async announce(announcement) {
        if (announcement.type !== 'update') return end.announce(announcement);
        if (heard) await end.announce(announcement);
        throw new TransportError('killed');
      },
    };
  }

  it('hands in what it had trained', async () => {
    const script = await scripted(base);
    const folder = newFolder();
    await script.publish({ type: 'train', round: 1, ...only });
    const first = joined(mortal(script.open(), false), base, { folder });
    await expect(first.outcome).rejects.toThrow('killed');
    const second = joined(script.open(), base, { folder });
    const { update } = await script.hears('update', 1);
    await script.publish({ type: 'finished', reason: 'max-rounds' });
    await second.outcome;
    expect(second.events).toContainEqual({ type: 'trained', round: 1, kept: true });
    const { updates } = await recordedRun({ ...base, rounds: 1 });
    expect(update.state.sha256).toBe(updates.get(`1 ${name}`)!.sha256);
  });

  it.each([
    ['of a damaged file', (folder: string) => writeFileSync(join(folder, 'update-state.safetensors'), 'x')],
    ['of a record cut short', (folder: string) => writeFileSync(join(folder, 'update.json'), '{"job":')],
  ])('trains again in place %s, to the same bytes', async (_, damage) => {
    const script = await scripted(base);
    const folder = newFolder();
    await script.publish({ type: 'train', round: 1, ...only });
    await expect(joined(mortal(script.open(), true), base, { folder }).outcome).rejects.toThrow('killed');
    const before = await script.hears('update', 1);
    damage(folder);
    const heard = script.heard.length;
    const second = joined(script.open(), base, { folder });
    const after = await script.hears('update', 1, heard);
    await script.publish({ type: 'finished', reason: 'max-rounds' });
    await second.outcome;
    expect(second.events).toContainEqual({ type: 'trained', round: 1, kept: false });
    expect(after.update.state).toEqual(before.update.state);
  });

  it('does not hand in for one model what it had trained from another', async () => {
    const script = await scripted(base);
    const folder = newFolder();
    await script.publish({ type: 'train', round: 1, ...only });
    await expect(joined(mortal(script.open(), false), base, { folder }).outcome).rejects.toThrow('killed');
    const model = await script.blobs.put(initialModel(script.description, 0.5));
    await script.publish({ type: 'train', round: 1, ...only, base: model });
    const second = joined(script.open(), base, { folder });
    expect((await script.hears('update', 1)).base).toBe(model.sha256);
    await script.publish({ type: 'finished', reason: 'max-rounds' });
    await second.outcome;
    expect(second.events).toContainEqual({ type: 'trained', round: 1, kept: false });
  });

  it.each([
    ['counted', true],
    ['did not count', false],
  ])('asks whether its last update counts, for SCAFFOLD’s c_k to follow it: it %s', async (_, counted) => {
    const run = await recordedRun(scaffold);
    const script = await scripted(scaffold);
    const folder = newFolder();
    await script.publish({ type: 'train', round: 1, ...only });
    await expect(joined(mortal(script.open(), true), scaffold, { folder }).outcome).rejects.toThrow('killed');
    script.answer = (announcement) =>
      announcement.type !== 'update' || announcement.round !== 1 || counted
        ? { accepted: true }
        : { accepted: false, reason: 'late', message: 'round 1 is closed' };
    const heard = script.heard.length;
    await script.publish({
      ...{ type: 'train', round: 2, ...only },
      base: await script.blobs.put(run.models[1]!),
      control: await script.blobs.put(run.controls[1]!),
    });
    const second = joined(script.open(), scaffold, { folder });
    const { update } = await script.hears('update', 2);
    expect(script.heard.slice(heard).map(({ type }) => type)).toEqual(['joined', 'update', 'update']);
    expect(update.state.sha256 === run.updates.get(`2 ${name}`)!.sha256).toBe(counted);
    await script.publish({ type: 'finished', reason: 'max-rounds' });
    await second.outcome;
  });

  it('has what it handed in until it trains for another round, should the coordinator lose it', async () => {
    const run = await recordedRun(scaffold);
    const script = await scripted(scaffold);
    const folder = newFolder();
    for (const kept of [false, true, true]) {
      const from = script.heard.length;
      await script.publish({ type: 'train', round: 1, ...only });
      const leaving = new AbortController();
      const { outcome, event, events } = joined(script.open(), scaffold, { folder, signal: leaving.signal });
      await event('answered');
      const { update } = await script.hears('update', 1, from);
      expect(update.state.sha256).toBe(run.updates.get(`1 ${name}`)!.sha256);
      expect(events).toContainEqual({ type: 'trained', round: 1, kept });
      leaving.abort();
      await outcome;
    }
    // c_k has followed it once.
    const from = script.heard.length;
    await script.publish({
      ...{ type: 'train', round: 2, ...only },
      base: await script.blobs.put(run.models[1]!),
      control: await script.blobs.put(run.controls[1]!),
    });
    const { outcome } = joined(script.open(), scaffold, { folder });
    const { update } = await script.hears('update', 2, from);
    expect(script.heard.slice(from).map(({ type }) => type)).toEqual(['joined', 'update']);
    expect(update.state.sha256).toBe(run.updates.get(`2 ${name}`)!.sha256);
    await script.publish({ type: 'finished', reason: 'max-rounds' });
    await outcome;
  });

  it('goes on with SCAFFOLD from start to start, and never without its folder', async () => {
    const run = await recordedRun(scaffold);
    const script = await scripted(scaffold);
    const folder = newFolder();
    for (const round of [1, 2, 3]) {
      const [model, control] = [run.models[round - 1], run.controls[round - 1]];
      await script.publish({
        ...{ type: 'train', round, ...only },
        ...(model && { base: await script.blobs.put(model) }),
        ...(control && { control: await script.blobs.put(control) }),
      });
      const leaving = new AbortController();
      const { outcome, event } = joined(script.open(), scaffold, { folder, signal: leaving.signal });
      await event('answered');
      const { update } = await script.hears('update', round);
      expect(update.state.sha256).toBe(run.updates.get(`${round} ${name}`)!.sha256);
      leaving.abort();
      await outcome;
    }
    // A coordinator whose journal was cut off.
    await script.publish({ type: 'train', round: 2, ...only, base: await script.blobs.put(run.models[1]!) });
    await expect(joined(script.open(), scaffold, { folder }).outcome).rejects.toThrow(
      'holds the control variate of "environment-1" after round 3, and round 2 is asked for once more',
    );
    await expect(joined(script.open(), scaffold).outcome).rejects.toThrow(FederationError);
    const another = { ...scaffold, job: 'f'.repeat(16) };
    const stranger = await scripted(scaffold);
    const end = stranger.open();
    const elsewhere = { ...end, description: { ...stranger.description, job: another.job } };
    await stranger.publish({ type: 'train', round: 1, ...only });
    await expect(joined(elsewhere, scaffold, { folder }).outcome).rejects.toThrow(
      'holds the control variate of "environment-1" in the federation 0123456789abcdef',
    );
  });
});

/** A model of the described network. */
function initialModel({ configuration, imageShape, classNames }: Description, scale = 1): Uint8Array {
  const facts = { imageShape, classNames };
  const strategies = strategiesOf(configuration, [], 'test');
  const { layout, data: values } = compileFederation(configuration, facts, strategies, 'test').initialState(
    'x',
  );
  return encodeSafetensors({ layout, data: values.map((value) => scale * value) });
}
