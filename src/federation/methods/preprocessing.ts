/**
 * Prepares the numbers of a table by statistics of all training rows (`data/survey/`). Each
 * participant answers a survey of its own training rows by sums in which small counts are hidden.
 * The answers are added up in the order of the participants. The constants of the layer that
 * prepares a row (`preprocess.ts`) follow from the total alone. Neither test nor validation rows
 * have a part in them.
 */
import type { DataFacts, Dataset } from '../../data/dataset.js';
import type { Share } from '../../data/partition/partition.js';
import { figuresOfSurvey, type NumberFigures, quantileOf } from '../../data/survey/figures.js';
import { ownAnswer } from '../../data/survey/own-answer.js';
import type { Preprocessing } from '../../data/survey/settings.js';
import { addAnswers, surveyOf } from '../../data/survey/survey.js';
import type { Constants } from '../../engine/nn/layers/constants.js';
import { type NumberStatistics, preprocessConstants } from '../../engine/nn/layers/preprocess-constants.js';

/** The constants for the rows of these participants, whose data are one set. */
export function surveyedConstants(
  dataset: Dataset,
  shares: readonly Pick<Share, 'train'>[],
  settings: Preprocessing,
): Constants {
  const survey = surveyOf(dataset);
  const answers = shares.map(({ train }) => ownAnswer(survey, dataset, train, settings.smallestCount));
  const { variables } = figuresOfSurvey(survey, addAnswers(survey, answers));
  const numbers = variables.filter(
    (figures): figures is NumberFigures =>
      figures.variable.kind === 'number' && figures.variable.source.of === 'inputs',
  );
  return preprocessConstants(
    numbers
      .filter(({ variable }) => isFeature(dataset, variable.source.column))
      .map((figures) => statisticsOf(figures, settings)),
  );
}

/** Whether the inputs have numbers that such constants prepare. */
export const hasNumberFeatures = ({ inputs }: DataFacts): boolean =>
  inputs.some(
    ({ meaning }) => meaning.kind === 'features' && meaning.features.some(({ kind }) => kind === 'number'),
  );

const isFeature = ({ inputs }: DataFacts, column: number) => inputs[column]?.meaning.kind === 'features';

/** Of a number that nobody answered for, such as one that is always missing, nothing is known. */
function statisticsOf(figures: NumberFigures, settings: Preprocessing): NumberStatistics {
  const { mean, deviation } = figures;
  const quantile = (part: number) => quantileOf(figures, part)?.value;
  const { standardize, impute, clip } = settings;
  return {
    ...(standardize && { mean, deviation }),
    ...(clip && { low: quantile(clip[0]), high: quantile(clip[1]) }),
    impute: impute === 'mean' ? mean : quantile(0.5),
  };
}
