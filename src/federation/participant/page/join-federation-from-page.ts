/**
 * Takes part in a federation, from a page. It compiles the plan from the description, compares its
 * hash, and adapts it to the page's runtime; a worker trains. It is best called in a worker too, so
 * that the page's own thread only draws. For pages.
 */

import type { OrtWebOptions } from '../../../engine/runtime/page/ort-web.js';
import type { Description } from '../../../protocol/description.js';
import { type PageTasks, pageTasks } from '../../../training/threads/page/page-tasks.js';
import type { ParticipantEnd } from '../../../transport/transport.js';
import { frozenAtStart } from '../../methods/frozen-weights.js';
import { type CompiledFederation, planCutFor } from '../../plan/compile-federation.js';
import { TAB_MEMORY } from '../../plan/demands.js';
import { compileDescription } from '../../plan/description.js';
import type { Extensions } from '../../plan/extensions.js';
import { learnerOf } from '../../plan/learner.js';
import { heldFilesOf } from '../download-held.js';
import type { OwnData } from '../own-data.js';
import { type TakePartOptions, type TakePartOutcome, takePart } from '../take-part.js';

export interface PageJoinOptions
  extends OrtWebOptions,
    Pick<TakePartOptions, 'folder' | 'shareLabelCounts' | 'shareSums' | 'observer' | 'signal'> {
  /** What the program brings itself: the same as the coordinator. */
  readonly extensions?: Extensions | undefined;
  /** The data, or a function that loads data to fit the federation. */
  readonly data: OwnData | ((description: Description) => Promise<OwnData>);
  /** Told of notices, such as that no GPU can be used. */
  readonly onNotice?: ((notice: string) => void) | undefined;
}

/**
 * Resolves when the run is over, or the signal is aborted. The caller closes the end.
 * @param name with which the end was opened
 * @throws CommonweightError when the federation asks for more than a page has, and as `pageTasks`
 *   and `takePart` do
 */
export async function joinFederationFromPage(
  end: ParticipantEnd,
  name: string,
  { data, device, threads, onNotice, extensions = {}, ...options }: PageJoinOptions,
): Promise<TakePartOutcome> {
  const { description } = end;
  const federation = await compileInPage(end, extensions, options.signal);
  const { configuration } = federation;
  const learner = learnerOf(configuration, federation.facts, extensions, 'the federation');
  const { dataset, share } = typeof data === 'function' ? await data(description) : data;
  const tasks = await pageTasks(
    ({ partBytes }) => ({
      plan: planCutFor({ configuration, ...learner }, partBytes),
      frozen: frozenAtStart(federation.frozen),
      train: dataset,
      features: federation.refit?.features,
      sums: federation.methodPlans,
    }),
    { ...(device && { device }), ...(threads && { threads }) },
  );
  try {
    if (tasks.notice !== undefined) onNotice?.(tasks.notice);
    const own = { dataset, share: { ...share, name } };
    return await takePart(end, { ...options, federation, data: own, tasks, runtime: runtimeOf(tasks) });
  } finally {
    tasks.close();
  }
}

/**
 * The federation, with what the coordinator alone has of it.
 * @throws CommonweightError when it asks for more than a page has
 */
export async function compileInPage(
  end: Pick<ParticipantEnd, 'description' | 'download'>,
  extensions: Extensions = {},
  signal?: AbortSignal,
): Promise<CompiledFederation> {
  return compileDescription(end.description, {
    extensions,
    held: await heldFilesOf(end, TAB_MEMORY.bytes, signal),
    mostMemoryBytes: TAB_MEMORY.bytes,
    memoryHint: TAB_MEMORY.hint,
  });
}

/** "onnxruntime-web 1.30.0, wasm, 2 threads" */
function runtimeOf({ runtime, device, threads }: PageTasks): string {
  const parallel = device === 'wasm' ? [threads === 1 ? '1 thread' : `${threads} threads`] : [];
  return [runtime, device, ...parallel].join(', ');
}
