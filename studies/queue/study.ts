/**
 * A study: one question, the runs that answer it, and the table that shows the answer. The runs are
 * variations of a base configuration, each with several seeds; a seed deals out the data, draws the
 * initial weights and orders the batches alike in all variations, so that their differences can be
 * taken seed by seed.
 */
import type { ConfigurationInput } from '../../src/protocol/configuration/configuration.js';
import type { AskedRun } from './kept-run.js';
import type { Measure } from './measures.js';

export interface Variation {
  readonly name: string;
  /** Fields that take the place of the base's; undefined leaves one out. */
  readonly change?: Partial<ConfigurationInput>;
  /** Where it has others than the study: one that only helps to decide needs fewer. */
  readonly seeds?: readonly number[];
}

export type StudyTable =
  /** A row for each variation, of its last round. */
  | { readonly rows: 'variations'; readonly measures: readonly Measure[] }
  /** A row for each round, of the only variation. */
  | { readonly rows: 'rounds'; readonly measures: readonly Measure[] }
  /** Variations named "row, column": a cell for each, of its last round. */
  | { readonly rows: 'grid'; readonly measure: Measure };

export interface Study {
  /** Of its results, docs/results/NAME.json, and of its table in the docs. */
  readonly name: string;
  /** What it asks, and what is expected. */
  readonly description: string;
  readonly base: ConfigurationInput;
  readonly variations: readonly Variation[];
  readonly seeds: readonly number[];
  readonly table: StudyTable;
}

/** One run of a study. */
export interface StudyRun extends AskedRun {
  readonly study: Study;
}

/**
 * In the order in which they are run: all variations with the first seed, then all with the next.
 */
export function runsOf(study: Study): StudyRun[] {
  const { base, variations } = study;
  return seedsOf(study).flatMap((seed) =>
    variations
      .filter(({ seeds = study.seeds }) => seeds.includes(seed))
      .map(({ name, change }) => ({
        study,
        variation: name,
        seed,
        configuration: { ...base, ...change, seed },
      })),
  );
}

export function seedsOf({ seeds, variations }: Study): number[] {
  const all = [seeds, ...variations.map((variation) => variation.seeds ?? [])].flat();
  return [...new Set(all)].sort((a, b) => a - b);
}
