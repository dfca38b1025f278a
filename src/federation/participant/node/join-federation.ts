/**
 * Takes part in a federation across machines, from Node: compiles the plan from the description,
 * opens data and folder, and starts one worker thread for the work. Node only.
 */

import { CommonweightError } from '../../../base/error.js';
import { InterruptedError } from '../../../base/interrupted.js';
import { unlessAborted } from '../../../base/unless-aborted.js';
import { closeDatasets, type Dataset } from '../../../data/dataset.js';
import { annotationsOf } from '../../../data/images/labels/label-settings.js';
import { pictureFacts } from '../../../data/images/picture-facts.js';
import { pagingIn } from '../../../data/paged/node/paging.js';
import { TOKENIZER_FILE } from '../../../data/text/json-tokenizer.js';
import type { Plan } from '../../../engine/nn/plan.js';
import type { GpuAdapter } from '../../../engine/runtime/gpu-adapter.js';
import type { NodeDevice } from '../../../engine/runtime/node/find-gpu.js';
import { WorkerPool } from '../../../training/threads/node/worker-pool.js';
import type { ParticipantEnd } from '../../../transport/transport.js';
import { FederationError } from '../../error.js';
import { frozenAtStart } from '../../methods/frozen-weights.js';
import type { CompiledFederation } from '../../plan/compile-federation.js';
import { MOST_MEMORY_BYTES } from '../../plan/demands.js';
import { compileDescription, type DescriptionOptions } from '../../plan/description.js';
import type { Extensions } from '../../plan/extensions.js';
import { learnerOf } from '../../plan/learner.js';
import { type DeviceOptions, gpuFor, planOnGpu } from '../../plan/node/device.js';
import { versionsOfThis } from '../../plan/node/versions.js';
import { heldFilesOf } from '../download-held.js';
import { downloadTokenizer } from '../download-tokenizer.js';
import { ownData } from '../own-data.js';
import { type TakePartOptions, type TakePartOutcome, takePart } from '../take-part.js';
import { loadOwnData, type OwnDataOptions } from './load-own-data.js';
import { participantFolder } from './participant-folder.js';

export interface JoinOptions
  extends OwnDataOptions,
    Pick<TakePartOptions, 'shareLabelCounts' | 'shareSums' | 'observer'> {
  /** A folder, the name of a known data set, or a data set. */
  readonly data: string | Dataset;
  /** The path of a folder in which work survives a restart. */
  readonly folder?: string | undefined;
  /** What the program brings itself: the same as the coordinator. */
  readonly extensions?: Extensions | undefined;
  /**
   * Without a network, accepts the coordinator's plan, whose graphs then read the data. Their form
   * is checked, but not what they compute: they could copy data into what they call weights.
   */
  readonly acceptForeignPlan?: boolean | undefined;
  /** Where it computes: by default on a GPU in hardware, if there is one. */
  readonly device?: NodeDevice | undefined;
  /** The most memory that the work may take, as far as it can be computed; 8 GB by default. */
  readonly mostMemoryBytes?: number | undefined;
}

/**
 * Resolves when the run is over, or the signal is aborted. The caller closes the end.
 * @param name with which the end was opened
 * @throws CommonweightError when plan, data or folder do not fit the federation, and as `takePart`
 *   does
 */
export async function joinFederation(
  end: ParticipantEnd,
  name: string,
  {
    data,
    folder,
    extensions = {},
    acceptForeignPlan,
    mostMemoryBytes,
    device,
    shareLabelCounts,
    shareSums,
    observer,
    ...options
  }: JoinOptions,
): Promise<TakePartOutcome> {
  const { description } = end;
  // Refuses a federation about other data before anything is downloaded.
  const { data: setting } = description.configuration;
  const isByFolder =
    (setting === undefined || setting.kind === 'pictures') && annotationsOf(setting) === undefined;
  if (typeof data === 'string' && isByFolder) pictureFacts(description, 'a folder');
  const foreignPlan =
    acceptForeignPlan && extensions.network === undefined
      ? await foreignPlanOf(end, options.signal)
      : undefined;
  const federation = await compiledFederation(
    end,
    { extensions, mostMemoryBytes, foreignPlan, version: versionsOfThis().commonweight },
    options.signal,
  );
  const downloaded = await downloadTokenizer(end, options.signal);
  const own =
    typeof data === 'string'
      ? await loadOwnData(data, name, description, {
          paging: pagingIn(mostMemoryBytes ?? MOST_MEMORY_BYTES, folder),
          tokenizer: downloaded?.tokenizer,
          ...options,
        })
      : ownData(data, name, description, options.choice, data.name, options.onNotice);
  const { refit } = federation;
  const mostBytes = mostMemoryBytes ?? MOST_MEMORY_BYTES;
  const { gpu, plan } = await deviceOf(federation, foreignPlan !== undefined, extensions, {
    ...{ device, mostBytes, onNotice: options.onNotice },
  });
  const versions = versionsOfThis(gpu);
  options.onNotice?.(`computing on ${versions.device}`);
  // An earlier process with this token may need a moment to end.
  const opened =
    folder === undefined
      ? undefined
      : await participantFolder(folder, {
          patient: true,
          signal: options.signal,
          onWaiting: options.onNotice,
        });
  if (downloaded !== undefined) await opened?.write(TOKENIZER_FILE, downloaded.bytes);
  const tasks = new WorkerPool(
    {
      ...{ plan, frozen: frozenAtStart(federation.frozen), train: own.dataset },
      ...{ features: refit?.features, sums: federation.methodPlans },
    },
    1,
    gpu,
  );
  try {
    return await takePart(end, {
      ...{ federation, data: own, tasks, shareLabelCounts, shareSums, observer, signal: options.signal },
      runtime: `${versions.runtime}, ${versions.device}`,
      folder: opened,
    });
  } catch (error) {
    throw foreignPlan === undefined ? error : failureOfForeign(error as Error);
  } finally {
    await tasks.close();
    await opened?.close();
    if (typeof data === 'string') closeDatasets(own.dataset);
  }
}

/** The files that the coordinator alone has may be large: they are gone when this returns. */
async function compiledFederation(end: ParticipantEnd, options: DescriptionOptions, signal?: AbortSignal) {
  const held = await heldFilesOf(end, options.mostMemoryBytes ?? MOST_MEMORY_BYTES, signal);
  return compileDescription(end.description, { ...options, held });
}

/** Only a foreign plan can be at fault; in a plan of our own it is a bug. */
function failureOfForeign(error: Error): Error {
  if (error instanceof CommonweightError || error instanceof InterruptedError) return error;
  return new FederationError(
    `federation: the plan that was accepted cannot be carried out here: ${error.message}`,
    { cause: error, hint: 'tell the operator of the coordinator' },
  );
}

/** The GPU that computes, if one does, and the plan cut for it. */
async function deviceOf(
  { configuration, facts, plan }: CompiledFederation,
  isForeign: boolean,
  extensions: Extensions,
  options: DeviceOptions,
): Promise<{ gpu: GpuAdapter | undefined; plan: Plan }> {
  if (isForeign && options.device === 'webgpu') {
    throw new FederationError(
      'federation: WebGPU is requested, but a plan of the coordinator is cut for the CPU',
      { hint: 'choose the device "cpu", or bring the network' },
    );
  }
  if (isForeign) return { gpu: undefined, plan };
  const learner = learnerOf(configuration, facts, extensions, 'the federation');
  const gpu = await gpuFor(configuration, learner, options);
  return { gpu, plan: gpu === undefined ? plan : planOnGpu(configuration, learner, gpu) };
}

/** The coordinator's plan, if it offers one. */
async function foreignPlanOf(
  end: ParticipantEnd,
  signal = new AbortController().signal,
): Promise<Uint8Array | undefined> {
  const { foreignPlan, configuration } = end.description;
  if (foreignPlan === undefined || configuration.model.name !== 'custom') return undefined;
  return unlessAborted(end.download(foreignPlan), signal);
}
