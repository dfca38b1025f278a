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
import { WorkerPool } from '../../../training/threads/node/worker-pool.js';
import type { ParticipantEnd } from '../../../transport/transport.js';
import { FederationError } from '../../error.js';
import { frozenAtStart } from '../../methods/frozen-weights.js';
import { MOST_MEMORY_BYTES } from '../../plan/demands.js';
import { compileDescription, type DescriptionOptions } from '../../plan/description.js';
import type { Extensions } from '../../plan/extensions.js';
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
  const versions = versionsOfThis();
  const foreignPlan =
    acceptForeignPlan && extensions.network === undefined
      ? await foreignPlanOf(end, options.signal)
      : undefined;
  const federation = await compiledFederation(
    end,
    { extensions, mostMemoryBytes, foreignPlan, version: versions.commonweight },
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
  const { plan, refit } = federation;
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
  );
  try {
    return await takePart(end, {
      ...{ federation, data: own, tasks, shareLabelCounts, shareSums, observer, signal: options.signal },
      runtime: `${versions.runtime}, ${versions.device}`,
      folder: opened,
    });
  } catch (error) {
    if (foreignPlan === undefined || error instanceof CommonweightError || error instanceof InterruptedError)
      throw error;
    // Only a foreign plan can be at fault; in a plan of our own it is a bug.
    throw new FederationError(
      `federation: the plan that was accepted cannot be carried out here: ${(error as Error).message}`,
      { cause: error, hint: 'tell the operator of the coordinator' },
    );
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

/** The coordinator's plan, if it offers one. */
async function foreignPlanOf(
  end: ParticipantEnd,
  signal = new AbortController().signal,
): Promise<Uint8Array | undefined> {
  const { foreignPlan, configuration } = end.description;
  if (foreignPlan === undefined || configuration.model.name !== 'custom') return undefined;
  return unlessAborted(end.download(foreignPlan), signal);
}
