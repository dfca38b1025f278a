/**
 * Cuts groups of examples among the participants, each group by its own proportions from a
 * Dirichlet distribution.
 */
import type { RandomStream } from '../../base/random.js';
import { apportion, dirichletSample } from './dirichlet-sample.js';
import { PartitionError } from './error.js';

export interface DirichletCut {
  /** For error messages. */
  readonly partitioner: string;
  readonly alpha: number;
  readonly minimumExamples: number;
}

const attempts = 1000;

/**
 * A draw may leave a participant with too few examples; then all proportions are drawn again, up to
 * a limit.
 * @returns one list of examples for each participant.
 * @throws PartitionError when 1,000 draws leave a participant with fewer than the minimum.
 */
export function dirichletCut(
  { partitioner, alpha, minimumExamples }: DirichletCut,
  groups: readonly Uint32Array[],
  participants: number,
  stream: RandomStream,
): Uint32Array[] {
  let best = 0;
  for (let attempt = 0; attempt < attempts; attempt++) {
    const counts = groups.map((group) =>
      apportion(group.length, dirichletSample(participants, alpha, stream)),
    );
    const smallest = Math.min(...sumsOf(counts, participants));
    if (smallest >= minimumExamples) return deal(groups, counts, participants, stream);
    best = Math.max(best, smallest);
  }
  throw new PartitionError(
    `partition: in ${attempts} draws ${partitioner} with alpha ${alpha} never gave each of ${participants} participants ${minimumExamples} examples, at best ${best}`,
    { hint: 'raise alpha, lower minimumExamples, take fewer participants or more data' },
  );
}

function sumsOf(counts: readonly number[][], participants: number): number[] {
  return Array.from({ length: participants }, (_, participant) =>
    counts.reduce((sum, ofGroup) => sum + (ofGroup[participant] ?? 0), 0),
  );
}

/** Gives each participant its number of examples of each group, at random. */
function deal(
  groups: readonly Uint32Array[],
  counts: readonly number[][],
  participants: number,
  stream: RandomStream,
): Uint32Array[] {
  const lists = Array.from({ length: participants }, (): number[] => []);
  groups.forEach((group, index) => {
    const order = stream.permutation(group.length);
    let at = 0;
    lists.forEach((list, participant) => {
      for (const end = at + (counts[index]?.[participant] ?? 0); at < end; at++) {
        list.push(group[order[at] as number] as number);
      }
    });
  });
  return lists.map((list) => Uint32Array.from(list));
}
