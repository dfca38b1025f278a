/**
 * What is read off a run: each measure is the head of a column, and a number of a round that was
 * evaluated.
 */
import { parseConfiguration } from '../../src/protocol/configuration/configuration.js';
import {
  percents,
  type Sample,
  sampleOf,
  signedPercents,
  withSpread,
} from '../../src/report/charts/statistics.js';
import { finalModel } from '../../src/report/pages/comparison.js';
import type { KeptRound, KeptRun } from './kept-run.js';

export interface Measure {
  readonly title: string;
  /** Undefined where the round has none. */
  of(round: KeptRound, run: KeptRun, study: readonly KeptRun[]): number | undefined;
  text(sample: Sample): string;
}

/** Test accuracy of what a strategy merged, the average, or the refitted model ("refit"). */
export const merged = (strategy: string, title = strategy): Measure => ({
  title,
  of: ({ merged }) => merged[strategy]?.testAccuracy,
  text: percents,
});

/** Test accuracy of the model that the run would end with after the round. */
export const test: Measure = {
  title: 'test',
  of: ({ merged }, { settings }) =>
    finalModel(merged, parseConfiguration(settings, 'what was kept'))?.testAccuracy,
  text: percents,
};

/** The mean of the participants' validation accuracies of the copied model. */
export const validation: Measure = {
  title: 'validation',
  of: ({ copied }) => meanOf(copied.map(({ validationAccuracy }) => validationAccuracy)),
  text: percents,
};

/** The same, of models that are each its participant's. */
export const meanOfCopies: Measure = { ...validation, title: 'validation, mean of the participants' };

/** … and of the participant for which the copy is worst. */
export const worstCopy: Measure = {
  title: 'validation, worst participant',
  of: ({ copied }) =>
    copied.length === 0 ? undefined : Math.min(...copied.map(({ validationAccuracy }) => validationAccuracy)),
  text: percents,
};

/** The mean test accuracy of the participants' own models. */
export const own: Measure = {
  title: 'own',
  of: ({ participants }) => meanOf(participants.flatMap(({ testAccuracy }) => testAccuracy ?? [])),
  text: percents,
};

/** Test accuracy of the same network, trained on everybody's data. */
export const pooled: Measure = { title: 'pooled', of: ({ pooled }) => pooled, text: percents };

/** Epochs of a participant's round: the mean. */
export const epochs: Measure = {
  title: 'epochs',
  of: ({ participants }) => meanOf(participants.flatMap(({ epochs }) => epochs ?? [])),
  text: (sample) => withSpread(sample, (value) => String(Number(value.toFixed(1)))),
};

/** By how much the first is above the second, in points. */
export const difference = (first: Measure, second: Measure, title: string): Measure => ({
  title,
  of: (...of) => minus(first.of(...of), second.of(...of)),
  text: signedPercents,
});

/** By how much it is above the last round of another variation with the same seed, in points. */
export const fromVariation = (
  measure: Measure,
  variation: string,
  title: string,
  there: Measure = measure,
): Measure => ({
  title,
  of(round, run, study) {
    if (run.variation === variation && measure === there) return undefined;
    const other = study.find((one) => one.variation === variation && one.seed === run.seed);
    const last = other?.rounds.at(-1);
    return minus(measure.of(round, run, study), other && last && there.of(last, other, study));
  },
  text: signedPercents,
});

const meanOf = (values: readonly number[]) => sampleOf(values)?.mean;

const minus = (first: number | undefined, second: number | undefined) =>
  first === undefined || second === undefined ? undefined : first - second;
