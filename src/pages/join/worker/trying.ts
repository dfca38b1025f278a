/**
 * How the merged model is tried on an example: what the page asks, and what the model then reads.
 */
import type { Feeds } from '../../../engine/runtime/runtime.js';
import type { DataSummary, ModelFacts, TriedExample } from '../state/messages.js';

/** How a model of one kind of data is tried. */
export interface Trying<Facts = ModelFacts['trial']> {
  readonly facts: Facts;
  /** What the model reads, and the pixels to be shown with the answer. */
  feeds(
    example: TriedExample,
    data: DataSummary | undefined,
  ): Promise<{ readonly feeds: Feeds; readonly pixels?: Uint8Array }>;
}
