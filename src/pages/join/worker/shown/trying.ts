/**
 * How the merged model is tried on an example: what the page asks, and what the model then reads.
 */
import type { Feeds } from '../../../../engine/runtime/runtime.js';
import type { DataSummary, ModelFacts, Prediction, TriedExample } from '../../state/messages.js';

/** How a model of one kind of data is tried. */
export interface Trying<Facts = ModelFacts['trial']> {
  readonly facts: Facts;
  /** What the values of the model's output say, where they are not the answer themselves. */
  answer?(values: Float32Array): Pick<Prediction, 'values' | 'mask'>;
  /** What the model reads, and the pixels to be shown with the answer. */
  feeds(
    example: TriedExample,
    data: DataSummary | undefined,
  ): Promise<{ readonly feeds: Feeds; readonly pixels?: Uint8Array }>;
}

/** Classes of pixels as shades of grey: black is the first, white the last, and none is 0, too. */
export const shadesOf = (classes: ArrayLike<number>, count: number): Uint8Array =>
  Uint8Array.from(classes, (label) =>
    label < count ? Math.round((255 * label) / Math.max(1, count - 1)) : 0,
  );
