/**
 * A federation within one page: a coordinator in memory that merges in a plain loop,
 * and participants who take part by `joinFederationFromPage`, each with a training worker of its
 * own. For a page, or a worker of one.
 */

import { joinFederationFromPage, pageTasks } from '../../src/browser.js';
import { allIndices } from '../../src/data/batches/batches.js';
import type { Dataset } from '../../src/data/dataset.js';
import { blobOf } from '../../src/federation/participant/kept/kept-update.js';
import { ownData } from '../../src/federation/participant/own-data.js';
import { type CompiledFederation, compileFederation } from '../../src/federation/plan/compile-federation.js';
import { describeFederation } from '../../src/federation/plan/description.js';
import { type Extensions, namedParts } from '../../src/federation/plan/extensions.js';
import { shareChoice } from '../../src/federation/plan/share-choice.js';
import type { Assigned } from '../../src/federation/rounds/round.js';
import { merge, type Update } from '../../src/merge/memory/merge.js';
import type { Figures } from '../../src/metrics/metric.js';
import { accuracy } from '../../src/metrics/metrics.js';
import type { Announcement } from '../../src/protocol/announcement.js';
import type { Assignment } from '../../src/protocol/assignment.js';
import type { Blob } from '../../src/protocol/blob-name.js';
import {
  type ConfigurationInput,
  parseConfiguration,
} from '../../src/protocol/configuration/configuration.js';
import { decodeSafetensors } from '../../src/tensor/safetensors.js';
import type { StateDict } from '../../src/tensor/state-dict.js';
import { decodeCodedModel, decodeState, encodeCodedModel } from '../../src/transforms/codec/coded-file.js';
import { inProcess } from '../../src/transport/in-process.js';
import type { BlobFolder } from '../../src/transport/transport.js';
import type { Pictures } from './same-steps.js';
import { datasetOf, type FederationFigures, smallFederation } from './small-federation.js';

const NAMES = ['environment-1', 'environment-2'];

type Named<Type extends Announcement['type']> = Extract<Announcement, { type: Type }>;

interface PageFederation {
  readonly settings: ConfigurationInput;
  /** Of everybody; each takes its part of it. */
  readonly train: Dataset;
  /** Such as `v`, of two. */
  readonly partition: string;
  readonly extensions: Extensions;
}

interface FederationInPage extends FederationFigures {
  /** What the participants say of themselves. */
  readonly runtimes: readonly string[];
}

/** @param threads of each participant */
export async function federationInPage(
  pictures: Pictures,
  testPictures: Pictures,
  threads: number,
): Promise<FederationInPage> {
  const train = datasetOf(pictures);
  const federation = { settings: smallFederation, train, partition: 'v', extensions: {} };
  const { compiled, runtimes, validation, state } = await mergedInPage(federation, threads);
  const test = datasetOf(testPictures);
  const tasks = await pageTasks({ plan: compiled.plan, train, test }, { device: 'wasm', threads: 1 });
  const examples = { source: 'test', indices: allIndices(test) } as const;
  const metrics = await tasks.evaluate({ type: 'evaluate', state: state.data, examples });
  tasks.close();
  const validationAccuracies = validation.map((round) => round.map(({ accuracy = Number.NaN }) => accuracy));
  return { runtimes, validationAccuracies, state: state.data, testAccuracy: accuracy(metrics) };
}

/**
 * The model after the last round, and each participant's figures for the copy after each.
 * @param brought what the participants bring: by default the same as the coordinator
 */
export async function mergedInPage(
  { settings, train, partition, extensions }: PageFederation,
  threads: number,
  brought = extensions,
) {
  const configuration = parseConfiguration(settings, 'test');
  const named = namedParts(configuration, extensions, 'test');
  const compiled = compileFederation(configuration, train, named, 'test');
  const { layout, codec } = compiled;
  const description = await describeFederation(compiled, { job: '0123456789abcdef', participants: NAMES });

  const blobs = blobsInMemory();
  const { hear, hears } = hearing();
  const transport = inProcess();
  const coordinator = transport.openCoordinator(
    {
      description,
      async receive(participant, announcement) {
        hear(participant, announcement);
        return { accepted: true };
      },
    },
    blobs,
  );
  let sequence = 0;
  const publish = (assigned: Assigned) =>
    coordinator.publish({ ...assigned, epoch: 1, sequence: ++sequence } as Assignment);

  const participants = NAMES.map((name, index) => {
    const choice = shareChoice(`${partition}:${index + 1}/${NAMES.length}`);
    return joinFederationFromPage(transport.openParticipant(name), name, {
      // One is given its data, the other comes by it when it knows what the federation is about.
      data:
        index === 0
          ? ownData(train, name, description, choice)
          : async (description) => ownData(train, name, description, choice),
      device: 'wasm',
      ...{ threads, extensions: brought },
    });
  });
  const failed = Promise.all(participants).then(() => new Promise<never>(() => {}));

  async function rounds() {
    const runtimes = (await hears('joined')).map(({ runtime }) => runtime);
    const validation: Figures[][] = [];
    let model: Blob | undefined;
    let state = compiled.initialState(NAMES[0] as string);
    for (let round = 1; round <= configuration.rounds; round++) {
      await publish({ type: 'train', round, waitingFor: NAMES, ...(model && { base: model }) });
      const updates = (await hears('update')).map((one, index) =>
        updateOf(one, NAMES[index] as string, state, { compiled, blobs }),
      );
      const bytes = encodeCodedModel(merge(compiled.strategy, await Promise.all(updates)), codec.model, {});
      model = await blobs.put(bytes);
      // As its receivers, the coordinator goes on with the decoded numbers.
      state = decodeCodedModel(bytes, layout, codec.model, 'the model');
      await publish({ type: 'evaluate', round, waitingFor: NAMES, model });
      validation.push((await hears('evaluated')).map((one) => one.validation));
    }
    return { runtimes, validation, state, model };
  }
  const { runtimes, validation, state, model } = await Promise.race([rounds(), failed]);
  await publish({ type: 'finished', reason: 'max-rounds', ...(model && { model }) });
  for (const outcome of await Promise.all(participants)) {
    if (outcome.type !== 'finished' || outcome.model === undefined) throw new Error('no final model');
  }
  return { compiled, runtimes, validation, state };
}

/** Keeps what participants announce, until it is asked for. */
function hearing() {
  const heard = new Map<string, Announcement>();
  let wake = () => {};
  return {
    hear(participant: string, announcement: Announcement) {
      heard.set(`${participant} ${announcement.type}`, announcement);
      wake();
    },
    /** The announcements of this type, once every participant has made one. */
    async hears<Type extends Announcement['type']>(type: Type) {
      const found = () => NAMES.map((name) => heard.get(`${name} ${type}`));
      while (found().includes(undefined)) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      const all = found();
      for (const name of NAMES) heard.delete(`${name} ${type}`);
      return all as Named<Type>[];
    },
  };
}

/** @param began the state that it was trained from, of which a codec sends the change */
async function updateOf(
  { update }: Named<'update'>,
  name: string,
  began: StateDict,
  {
    compiled: { layout, codec },
    blobs,
  }: { readonly compiled: CompiledFederation; readonly blobs: BlobFolder },
): Promise<Update> {
  const attached = Object.entries(update.attachments ?? {});
  const auxiliaries = await Promise.all(
    attached.map(async ([title, { sha256 }]) => {
      return [title, decodeSafetensors(await blobs.get(sha256), title).state] as const;
    }),
  );
  const bytes = await blobs.get(update.state.sha256);
  const state = decodeState(bytes, layout, began, codec.update, 'an update');
  return { name, examples: update.examples, state, auxiliaries: Object.fromEntries(auxiliaries) };
}

function blobsInMemory() {
  const kept = new Map<string, Uint8Array>();
  return {
    async put(bytes: Uint8Array) {
      const blob = await blobOf(bytes as Uint8Array<ArrayBuffer>);
      kept.set(blob.sha256, bytes);
      return blob;
    },
    has: async (sha256: string) => kept.has(sha256),
    get: async (sha256: string) => kept.get(sha256),
  } as unknown as BlobFolder;
}
