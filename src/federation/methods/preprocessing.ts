/**
 * Prepares the numbers of a table by statistics of all training rows (`data/survey/`). Before round
 * 1, each participant answers a survey of its own training rows by sums in which small counts are
 * hidden. The coordinator adds the answers in the order of the participants. The constants of the
 * layer that prepares a row (`preprocess.ts`) follow from the total alone. Neither test nor
 * validation rows have a part in them. The phases are those of `rounds/survey-phases.ts`; the file
 * in which an answer travels is that of `survey-answer.ts`.
 */
import { canonicalJson } from '../../base/canonical-json.js';
import type { DataFacts } from '../../data/dataset.js';
import type { Share } from '../../data/partition/partition.js';
import { figuresOfSurvey, type NumberFigures, quantileOf } from '../../data/survey/figures.js';
import type { Preprocessing } from '../../data/survey/settings.js';
import { answeredBySites, type SitesSurvey } from '../../data/survey/site-survey.js';
import { addAnswers, answerProblem, surveyOf, type TableSurvey } from '../../data/survey/survey.js';
import type { Constants } from '../../engine/nn/layers/constants.js';
import { PREPROCESS } from '../../engine/nn/layers/preprocess.js';
import { type NumberStatistics, preprocessConstants } from '../../engine/nn/layers/preprocess-constants.js';
import { type Configuration, ConfigurationError } from '../../protocol/configuration/configuration.js';
import { hasSiteStatistics } from '../../protocol/configuration/own-parts.js';
import { type StateDict, type StateLayout, stateLayout } from '../../tensor/state-dict.js';
import type { TaskRunner } from '../../training/tasks.js';
import type { Closing, RoundRecord } from '../rounds/round.js';
import type { RoundEvent } from '../rounds/round-events.js';
import type { RunStore } from '../rounds/run-store.js';
import { answerLayout, packAnswer, unpackAnswer } from './survey-answer.js';

/** What is asked in the phase, and what becomes of the answers. */
export interface PreprocessingPlan {
  readonly facts: DataFacts;
  readonly survey: TableSurvey;
  readonly settings: Preprocessing;
  /** Of the file of an answer. */
  readonly answer: StateLayout;
}

type Deciding = Pick<Configuration, 'preprocessing' | 'initialModel'>;

/** Whether round 1 begins with a survey. A model to start from has the constants already. */
export const beginsWithSurvey = (configuration: Deciding): boolean =>
  configuration.preprocessing?.statistics === 'global' && configuration.initialModel === undefined;

/** Whether the constants are made by the run, of all answers or at each participant. */
export const makesConstantsOf = (configuration: Deciding): boolean =>
  beginsWithSurvey(configuration) || hasSiteStatistics(configuration);

/** Whether a constant is made from the answers. */
export const isPreprocessConstant = (name: string) => name.startsWith(`${PREPROCESS}.constants.`);

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
  configuration: Deciding,
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
  if (settings === undefined || !makesConstantsOf(configuration)) return undefined;
  const survey = surveyOf(facts);
  return { facts, survey, settings, answer: answerLayout(survey.length) };
}

/**
 * What a participant is asked: what is counted, which counts are hidden, and whose answers are
 * added to its own. The same question has the same text.
 */
export const questionOf = (
  { survey: { variables, pairs }, settings: { smallestCount } }: PreprocessingPlan,
  participants: readonly string[],
): string => canonicalJson({ variables, pairs, smallestCount, participants });

/** The answer for a participant's own training rows, as a file that travels. */
export async function ownSurvey(
  { share, tasks }: { readonly share: Pick<Share, 'train'>; readonly tasks: TaskRunner },
  { settings: { smallestCount } }: PreprocessingPlan,
  signal?: AbortSignal,
): Promise<StateDict> {
  const answer = await tasks.survey?.({ type: 'survey', rows: share.train, smallestCount }, signal);
  if (answer === undefined) throw new Error('internal: nobody answers a survey here');
  return packAnswer(answer);
}

/**
 * What is wrong with a file of sound numbers as an answer, in a line; undefined if nothing is.
 * @param mostRows the largest number of rows that its owner may have
 */
export const surveyFileProblem = (
  { survey }: PreprocessingPlan,
  file: StateDict,
  mostRows: number,
): string | undefined => answerProblem(survey, unpackAnswer(file), mostRows);

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

interface SurveyWorkshop {
  readonly plan: { readonly preprocessing?: PreprocessingPlan | undefined };
  readonly store: RunStore;
  readonly rounds: readonly RoundRecord[];
}

/** The coordinator's phase: adds the answers that count, and makes the constants. */
export async function makeConstants(round: number, workshop: SurveyWorkshop): Promise<RoundEvent> {
  const { store, rounds } = workshop;
  const plan = preprocessingOf(workshop);
  const { closed, contributed } = rounds[round - 1] as RoundRecord;
  const answers: Float64Array[] = [];
  for (const participant of (closed.survey as Closing).counted) {
    const { sha256 } = contributed.survey?.get(participant) ?? {};
    if (sha256 === undefined) throw new Error(`internal: the answer of "${participant}" is not in`);
    answers.push(unpackAnswer(await store.get({ type: 'survey', round, participant }, sha256)));
  }
  const state = constantsState(surveyedConstants(plan, answers));
  const sha256 = await store.put({ type: 'constants', round }, state);
  return { type: 'computed', round, phase: 'constants', sha256 };
}

/** What the participants answered, as statistics of each and of all. */
export const surveyedSites = (
  { survey, settings: { smallestCount } }: PreprocessingPlan,
  files: readonly { readonly name: string; readonly file: StateDict }[],
): SitesSurvey =>
  answeredBySites(
    survey,
    files.map(({ name, file }) => ({ name, answer: unpackAnswer(file) })),
    smallestCount,
  );

export function preprocessingOf({ plan }: Pick<SurveyWorkshop, 'plan'>): PreprocessingPlan {
  if (plan.preprocessing === undefined) throw new Error('internal: this run surveys nothing');
  return plan.preprocessing;
}
