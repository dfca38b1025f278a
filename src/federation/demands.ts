/**
 * What a federation would ask of a participant's machine. Its settings come from somebody else, and a mistake or malice in
 * them must not take all the memory, or an eternity: it is reckoned before anything is allocated. An upper bound, roughly.
 */
import { input } from '../graph/build.js';
import { topologicalOrder } from '../graph/value.js';
import { optimizerOf } from '../nn/by-name.js';
import { applyNetwork, layoutOf, type Network, parametersOf } from '../nn/network.js';
import type { Configuration } from '../protocol/configuration.js';
import { formatShape, type Shape, sizeOf } from '../tensor/shape.js';
import { layoutSize } from '../tensor/state-dict.js';
import { FederationError } from './error.js';

/** How much memory the work may take, and what to do if more is meant. */
export interface MemoryLimit {
  readonly bytes: number;
  readonly hint: string;
}

/** A model of 500 MB with Adam fits. */
export const MOST_MEMORY_BYTES = 8e9;
export const MORE_MEMORY = 'ask whoever runs the coordinator whether that is meant; if so, give --max-memory';

/** WebAssembly addresses no more. */
export const TAB_MEMORY: MemoryLimit = {
  bytes: 2 ** 32,
  hint: 'a browser has no more for one page; take part from the command line, by "commonweight join"',
};

/** State, next state, gradient, base, the file, the same by wire; with SCAFFOLD both control variates and their change. */
const VECTORS = 10;
/** Images are evaluated together, and trained on in parts that are smaller. */
const EVALUATED_TOGETHER = 25;
const LARGEST_IMAGE = 2 ** 25;
/** Everybody is drawn anew for every round, where not all take part: some minutes of it. */
const MOST_DRAWS = 1e9;

/** @throws FederationError that says what is too much, and what to do if it is meant to be */
export function checkDemands(
  configuration: Configuration,
  network: Network,
  imageShape: Shape,
  participants: number,
  limit: MemoryLimit,
): void {
  const demanded = () => demandedBytes(configuration, network, imageShape);
  checkDemanded(configuration, demanded, imageShape, participants, limit);
}

/** @param demanded the bytes that its network takes: asked for once all the rest is within reason */
export function checkDemanded(
  configuration: Configuration,
  demanded: () => number,
  imageShape: Shape,
  participants: number,
  limit: MemoryLimit,
): void {
  const pixels = sizeOf(imageShape);
  if (pixels > LARGEST_IMAGE) {
    throw new FederationError(
      `federation: its images are ${formatShape(imageShape)}, ${pixels} numbers each, expected at most ${LARGEST_IMAGE}`,
    );
  }
  const draws = configuration.participantsPerRound === undefined ? 0 : participants * configuration.rounds;
  if (draws > MOST_DRAWS) {
    throw new FederationError(
      `federation: it draws from ${participants} participants in each of ${configuration.rounds} rounds, expected a thousandth of that`,
    );
  }
  const bytes = demanded();
  if (bytes <= limit.bytes) return;
  throw new FederationError(
    `federation: the network "${configuration.model.name}" on images of ${formatShape(imageShape)}, ${configuration.batchSize} in a batch, would need some ${gigabytes(bytes)} of memory here, expected at most ${gigabytes(limit.bytes)}`,
    { hint: limit.hint },
  );
}

export function demandedBytes(configuration: Configuration, network: Network, imageShape: Shape): number {
  const layout = layoutOf(parametersOf(network, imageShape));
  const tensors = layout.map(({ name, shape }) => input(name, shape));
  /** Of all intermediate values. */
  const valuesFor = (images: number) => {
    const logits = applyNetwork(network, layout, tensors, input('images', [images, ...imageShape]));
    return topologicalOrder([logits]).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  };
  const perImage = valuesFor(2) - valuesFor(1);
  return leastBytes(configuration, layoutSize(layout), imageShape) + 4 * EVALUATED_TOGETHER * perImage;
}

/** Without the values within a network of so many weights. */
export function leastBytes({ optimizer, batchSize }: Configuration, size: number, imageShape: Shape): number {
  const vectors = VECTORS + 2 * optimizerOf(optimizer).slotCount;
  return 4 * (vectors * size + 2 * batchSize * sizeOf(imageShape));
}

const gigabytes = (bytes: number) => `${(bytes / 1e9).toPrecision(3)} GB`;
