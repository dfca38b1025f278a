/**
 * The small federation within one page: a coordinator in memory that does FedAvg as a plain loop,
 * and participants who take part by `joinFederationFromPage`, each with a training worker of its
 * own. For a page, or a worker of one.
 */

import { joinFederationFromPage, pageTasks } from '../../src/browser.js';
import { allIndices } from '../../src/data/batches/batches.js';
import { imageFacts } from '../../src/data/images/image-dataset.js';
import { blobOf } from '../../src/federation/participant/kept-update.js';
import { ownData } from '../../src/federation/participant/own-data.js';
import { compileFederation } from '../../src/federation/plan/compile-federation.js';
import { describeFederation } from '../../src/federation/plan/description.js';
import { namedParts } from '../../src/federation/plan/extensions.js';
import { shareChoice } from '../../src/federation/plan/share-choice.js';
import type { Assigned } from '../../src/federation/rounds/round.js';
import { merge } from '../../src/merge/memory/merge.js';
import { mean } from '../../src/merge/strategies/mean.js';
import { accuracy } from '../../src/metrics/metrics.js';
import type { Announcement } from '../../src/protocol/announcement.js';
import type { Assignment } from '../../src/protocol/assignment.js';
import { parseConfiguration } from '../../src/protocol/configuration/configuration.js';
import { decodeSafetensors, encodeSafetensors } from '../../src/tensor/safetensors.js';
import type { StateDict } from '../../src/tensor/state-dict.js';
import { inProcess } from '../../src/transport/in-process.js';
import type { BlobFolder } from '../../src/transport/transport.js';
import type { Pictures } from './same-steps.js';
import {
  CLASSES,
  datasetOf,
  type FederationFigures,
  IMAGE_SHAPE,
  smallFederation,
} from './small-federation.js';

const NAMES = ['environment-1', 'environment-2'];

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
  const configuration = parseConfiguration(smallFederation, 'test');
  const facts = imageFacts(IMAGE_SHAPE, CLASSES);
  const compiled = compileFederation(configuration, facts, namedParts(configuration, {}, 'test'), 'test');
  const description = await describeFederation(compiled, { job: '0123456789abcdef', participants: NAMES });
  const train = datasetOf(pictures);

  const blobs = blobsInMemory();
  const heard = new Map<string, Announcement>();
  let wake = () => {};
  const hears = async <Type extends Announcement['type']>(type: Type) => {
    const found = () => NAMES.map((name) => heard.get(`${name} ${type}`));
    while (found().includes(undefined)) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    const all = found();
    for (const name of NAMES) heard.delete(`${name} ${type}`);
    return all as Extract<Announcement, { type: Type }>[];
  };
  const transport = inProcess();
  const coordinator = transport.openCoordinator(
    {
      description,
      async receive(participant, announcement) {
        heard.set(`${participant} ${announcement.type}`, announcement);
        wake();
        return { accepted: true };
      },
    },
    blobs,
  );
  let sequence = 0;
  const publish = (assigned: Assigned) =>
    coordinator.publish({ ...assigned, epoch: 1, sequence: ++sequence } as Assignment);

  const participants = NAMES.map((name, index) => {
    const choice = shareChoice(`v:${index + 1}/${NAMES.length}`);
    return joinFederationFromPage(transport.openParticipant(name), name, {
      // One is given its data, the other comes by it when it knows what the federation is about.
      data:
        index === 0
          ? ownData(train, name, description, choice)
          : async (description) => ownData(train, name, description, choice),
      device: 'wasm',
      threads,
    });
  });
  const failed = Promise.all(participants).then(() => new Promise<never>(() => {}));

  async function rounds() {
    const runtimes = (await hears('joined')).map(({ runtime }) => runtime);
    const validationAccuracies: number[][] = [];
    let state: StateDict | undefined;
    for (let round = 1; round <= configuration.rounds; round++) {
      const base = state && (await blobs.put(encodeSafetensors(state)));
      await publish({ type: 'train', round, waitingFor: NAMES, ...(base && { base }) });
      const updates = await hears('update');
      const states = await Promise.all(updates.map(({ update }) => blobs.get(update.state.sha256)));
      state = merge(
        mean(),
        states.map((bytes, index) => ({
          name: NAMES[index] as string,
          examples: updates[index]?.update.examples as number,
          state: decodeSafetensors(bytes as Uint8Array<ArrayBuffer>, 'an update').state,
        })),
      );
      const model = await blobs.put(encodeSafetensors(state));
      await publish({ type: 'evaluate', round, waitingFor: NAMES, model });
      validationAccuracies.push(
        (await hears('evaluated')).map((one) => one.validation.accuracy ?? Number.NaN),
      );
    }
    return { runtimes, validationAccuracies, state: state as StateDict };
  }
  const { runtimes, validationAccuracies, state } = await Promise.race([rounds(), failed]);
  await publish({ type: 'finished', reason: 'max-rounds', model: await blobs.put(encodeSafetensors(state)) });
  for (const outcome of await Promise.all(participants)) {
    if (outcome.type !== 'finished' || outcome.model === undefined) throw new Error('no final model');
  }

  const test = datasetOf(testPictures);
  const tasks = await pageTasks({ plan: compiled.plan, train, test }, { device: 'wasm', threads: 1 });
  const examples = { source: 'test', indices: allIndices(test) } as const;
  const metrics = await tasks.evaluate({ type: 'evaluate', state: state.data, examples });
  tasks.close();
  return { runtimes, validationAccuracies, state: state.data, testAccuracy: accuracy(metrics) };
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
