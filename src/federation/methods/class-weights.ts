/**
 * Weights that balance the classes, where `loss.classWeights` is "balanced": n/(classes·n_c) for a
 * class with n_c of n training rows (King and Zeng 2001), so that their mean over the rows is 1.
 * The rows are counted by a survey of all participants, in which small counts are hidden. A hidden
 * row counts in the class that it is shown in; rows without a class count in none.
 */

import { classCounts } from '../../data/class-counts.js';
import { categoriesOf, type Dataset } from '../../data/dataset.js';
import type { Share } from '../../data/partition/partition.js';
import { figuresOfSurvey } from '../../data/survey/figures.js';
import type { TableSurvey } from '../../data/survey/survey.js';
import type { Constants } from '../../engine/nn/layers/constants.js';
import { CLASS_WEIGHTS } from '../../engine/nn/tasks/balanced-loss.js';
import { ConfigurationError } from '../../protocol/configuration/configuration.js';

/**
 * @param sums of all participants
 * @throws ConfigurationError when no row is shown in a class
 */
export function classWeights(survey: TableSurvey, sums: ArrayLike<number>, smallestCount: number): Constants {
  const classes = figuresOfSurvey(survey, sums).variables.find(
    ({ variable: { source } }) => source.of === 'targets' && source.column === 0,
  );
  if (classes === undefined || classes.variable.kind !== 'category') {
    throw new Error('internal: the survey counts no classes');
  }
  const { counts } = classes;
  const hidden = smallestCount > 1 ? `; counts below ${smallestCount} of a participant are hidden` : '';
  checkCounted(classes.variable.names, counts, 'survey', hidden);
  const rows = counts.reduce((a, b) => a + b, 0);
  return { [CLASS_WEIGHTS]: counts.map((count) => rows / (counts.length * count)) };
}

/**
 * The same of data that are all here: a class that nobody has is found before anything begins.
 * @throws ConfigurationError when no training example is of a class
 */
export function checkEachClass(dataset: Dataset, shares: readonly Share[], source: string): void {
  const names = [...categoriesOf(dataset)];
  const labels = dataset.targets[0]?.values;
  if (labels === undefined) return;
  const counts = new Float64Array(names.length);
  for (const { train } of shares) {
    for (const [label, count] of classCounts(labels, names.length, train).entries()) {
      counts[label] = (counts[label] as number) + count;
    }
  }
  checkCounted(names, counts, source);
}

function checkCounted(names: readonly string[], counts: ArrayLike<number>, source: string, more = ''): void {
  const empty = names.findIndex((_, label) => counts[label] === 0);
  if (empty < 0) return;
  throw new ConfigurationError(
    `${source}: "loss.classWeights" is "balanced", but no training row is counted in the class "${names[empty]}"${more}`,
    { hint: 'leave the class out, or give a number for each class' },
  );
}
