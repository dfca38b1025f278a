/**
 * A participant with a coordinator by hand: for tests of what it does when, and of the bytes that
 * come of it.
 */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { imageFacts } from '../src/data/images/image-dataset.js';
import { runFederation } from '../src/federation/coordinator/run-federation.js';
import { type JoinOptions, joinFederation } from '../src/federation/participant/node/join-federation.js';
import type { TakePartEvent } from '../src/federation/participant/take-part.js';
import { compileFederation } from '../src/federation/plan/compile-federation.js';
import { describeFederation } from '../src/federation/plan/description.js';
import { namedParts } from '../src/federation/plan/extensions.js';
import { shareChoice } from '../src/federation/plan/share-choice.js';
import type { Assigned } from '../src/federation/rounds/round.js';
import type { Figures } from '../src/metrics/metric.js';
import type { Announcement, Progress, Receipt } from '../src/protocol/announcement.js';
import type { Assignment } from '../src/protocol/assignment.js';
import { type ConfigurationInput, parseConfiguration } from '../src/protocol/configuration/configuration.js';
import type { Description } from '../src/protocol/description.js';
import { encodeSafetensors } from '../src/tensor/safetensors.js';
import { blobFolder } from '../src/transport/blob-folder.js';
import { inProcess } from '../src/transport/in-process.js';
import type { ParticipantEnd } from '../src/transport/transport.js';
import { noise } from './noise.js';
import { happenings } from './until.js';

const root = mkdtempSync(join(tmpdir(), 'commonweight-take-part-'));
afterAll(() => rmSync(root, { recursive: true }));
let folders = 0;
export const newFolder = () => join(root, `${++folders}`);

export const data = { train: noise('noise'), test: noise('test') };
export const base: ConfigurationInput = {
  seed: 11,
  dataset: 'noise',
  normalization: { mean: [0], deviation: [1] },
  partition: { name: 'iid' },
  model: { name: 'mlp', hidden: [4] },
  optimizer: { name: 'sgd', learningRate: 0.1 },
  batchSize: 8,
  local: { epochs: 2 },
  rounds: 3,
};
export const name = 'environment-1';
export const scaffold = { ...base, correction: { name: 'scaffold' } } as const;

/**
 * What `run` on one machine makes: of every round the facts, the model and the common control
 * variate. The same for all who ask for the same.
 */
export function recordedRun(input: ConfigurationInput): ReturnType<typeof recordRun> {
  const settings = JSON.stringify(input);
  const run = recorded.get(settings) ?? recordRun(input);
  recorded.set(settings, run);
  return run;
}

const recorded = new Map<string, ReturnType<typeof recordRun>>();

async function recordRun(input: ConfigurationInput) {
  const out = newFolder();
  const updates = new Map<string, { sha256: string } & Record<string, unknown>>();
  const copies = new Map<string, Figures>();
  const controls: Uint8Array[] = [];
  const models: Uint8Array[] = [];
  await runFederation(input, {
    ...{ data, out, workers: 1 },
    observer: {
      onEvent(event) {
        if (event.type === 'update-received')
          updates.set(`${event.round} ${event.update.participant}`, event.update);
        if (event.type === 'copy-evaluated')
          copies.set(`${event.round} ${event.participant}`, event.validation);
        if (event.type !== 'merged') return;
        models[event.round] = readFileSync(join(out, `models/round-${event.round}.safetensors`));
        if (event.common?.control !== undefined)
          controls[event.round] = readFileSync(join(out, `methods/control-${event.round}.safetensors`));
      },
    },
  });
  return { updates, copies, controls, models };
}

async function described(input: ConfigurationInput): Promise<Description> {
  const configuration = parseConfiguration(input, 'test');
  const facts = imageFacts([1, 4, 4], ['a', 'b']);
  const compiled = compileFederation(configuration, facts, namedParts(configuration, {}, 'test'), 'test');
  const participants = Array.from(
    { length: configuration.partition.participants },
    (_, index) => `environment-${index + 1}`,
  );
  return describeFederation(compiled, { job: '0123456789abcdef', participants });
}

/**
 * A coordinator by hand: it says what a test tells it to, remembers what it hears, and knows
 * nothing.
 */
export async function scripted(input: ConfigurationInput) {
  const description = await described(input);
  const transport = inProcess();
  const blobs = await blobFolder(newFolder());
  const heard: Announcement[] = [];
  const told: Progress[] = [];
  const { happened, until } = happenings();
  let sequence = 0;
  const script = {
    description,
    blobs,
    heard,
    told,
    answer: (_: Announcement): Receipt => ({ accepted: true }),
    open: () => transport.openParticipant(name),
    publish: (assignment: Assigned, epoch = 1) =>
      coordinator.publish({ ...assignment, epoch, sequence: ++sequence } as Assignment),
    /**
     * Resolves with what was heard of this type in this round, from the `from`th announcement on.
     */
    hears<Type extends Announcement['type']>(type: Type, round?: number, from = 0) {
      const isIt = (one: Announcement): one is Extract<Announcement, { type: Type }> =>
        one.type === type && (round === undefined || ('round' in one && one.round === round));
      return until(() => heard.slice(from).find(isIt));
    },
    /** Resolves when it says that it does this, from the `from`th progress on. */
    isTold: (activity: Progress['activity'], from = 0) =>
      until(() => told.slice(from).find((one) => one.activity === activity)),
  };
  const coordinator = transport.openCoordinator(
    {
      description,
      async receive(_, announcement) {
        heard.push(announcement);
        happened();
        return script.answer(announcement);
      },
      onProgress(_, progress) {
        told.push(progress);
        happened();
      },
    },
    blobs,
  );
  return script;
}

/** Takes part with the share that `run` gives to this participant. */
export function joined(end: ParticipantEnd, input: ConfigurationInput, options: Partial<JoinOptions> = {}) {
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

export const only = { waitingFor: [name] };

/** A model of the described network. */
export function initialModel({ configuration, ...facts }: Description, scale = 1): Uint8Array {
  const named = namedParts(configuration, {}, 'test');
  const { layout, data: values } = compileFederation(configuration, facts, named, 'test').initialState('x');
  return encodeSafetensors({ layout, data: values.map((value) => scale * value) });
}
