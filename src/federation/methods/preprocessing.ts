/**
 * Prepares the numbers of a table by statistics of training rows (`data/survey/`). The constants of
 * the layer that prepares a row (`preprocess.ts`) follow from sums over the rows: of all
 * participants (`federated-survey.ts`), or of each one's own (`site-statistics.ts`).
 */
import type { DataFacts } from '../../data/dataset.js';
import { figuresOfSurvey, type NumberFigures, quantileOf } from '../../data/survey/figures.js';
import type { Preprocessing } from '../../data/survey/settings.js';
import { addAnswers, surveyOf, type TableSurvey } from '../../data/survey/survey.js';
import type { Constants } from '../../engine/nn/layers/constants.js';
import { type NumberStatistics, preprocessConstants } from '../../engine/nn/layers/preprocess-constants.js';
import { type Configuration, ConfigurationError } from '../../protocol/configuration/configuration.js';
import { type StateDict, stateLayout } from '../../tensor/state-dict.js';
import { preparesNumbers } from './made-constants.js';

/** What is asked about numbers, and what becomes of the answers. */
export interface PreprocessingPlan {
  readonly facts: DataFacts;
  readonly survey: TableSurvey;
  readonly settings: Preprocessing;
}

/** Whether the inputs have numbers that such constants prepare. */
export const hasNumberFeatures = ({ inputs }: DataFacts): boolean =>
  inputs.some(
    ({ meaning }) => meaning.kind === 'features' && meaning.features.some(({ kind }) => kind === 'number'),
  );

/**
 * @param source the name of the configuration in errors
 * @throws ConfigurationError when it sets how numbers are prepared that the data do not have
 */
export function preprocessingPlanOf(
  configuration: Pick<Configuration, 'preprocessing' | 'initialModel'>,
  facts: DataFacts,
  source: string,
): PreprocessingPlan | undefined {
  const { preprocessing: settings } = configuration;
  if (settings !== undefined && !hasNumberFeatures(facts)) {
    throw new ConfigurationError(
      `${source}: "preprocessing" is given, but the data have ${facts.inputs.map(({ name }) => name).join(', ')}, expected numbers of a table`,
      { hint: 'leave "preprocessing" out' },
    );
  }
  if (settings === undefined || !preparesNumbers(configuration)) return undefined;
  return { facts, survey: surveyOf(facts), settings };
}

/** The constants that follow from the answers, which are added in this order. */
export function surveyedConstants(
  { facts, survey, settings }: PreprocessingPlan,
  answers: Iterable<Float64Array>,
): Constants {
  const { variables } = figuresOfSurvey(survey, addAnswers(survey, answers));
  const numbers = variables.filter(
    (figures): figures is NumberFigures =>
      figures.variable.kind === 'number' && figures.variable.source.of === 'inputs',
  );
  return preprocessConstants(
    numbers
      .filter(({ variable }) => isFeature(facts, variable.source.column))
      .map((figures) => statisticsOf(figures, settings)),
  );
}

const isFeature = ({ inputs }: DataFacts, column: number) => inputs[column]?.meaning.kind === 'features';

/**
 * Of a number that nobody answered for, such as one that is always missing, nothing is known. A
 * site that trains without any value of a number clips each later value to 0, so that values on
 * another scale than the others do not decide.
 */
function statisticsOf(figures: NumberFigures, settings: Preprocessing): NumberStatistics {
  const { mean, deviation } = figures;
  const quantile = (part: number) => quantileOf(figures, part)?.value;
  const { standardize, impute, clip, statistics } = settings;
  const unknown = statistics === 'site' ? 0 : undefined;
  return {
    ...(standardize && { mean, deviation }),
    ...(clip && { low: quantile(clip[0]) ?? unknown, high: quantile(clip[1]) ?? unknown }),
    impute: impute === 'mean' ? mean : quantile(0.5),
  };
}

/** Constants as a state dict. */
export function constantsState(constants: Constants): StateDict {
  const made = Object.entries(constants);
  return {
    layout: stateLayout(made.map(([name, values]) => [name, [values.length]])),
    data: Float32Array.from(made.flatMap(([, values]) => [...values])),
  };
}
