/**
 * A survey of all training rows, from which constants follow. Before round 1, each participant
 * answers for its own training rows by sums in which small counts are hidden. The coordinator adds
 * the answers in the order of the participants, and makes the constants from the total alone: those
 * that prepare numbers (`preprocessing.ts`), and the weights of classes (`class-weights.ts`).
 * Neither test nor validation rows have a part in them. The phases are those of
 * `rounds/survey-phases.ts`; the file in which an answer travels is that of `survey-answer.ts`.
 */
import { canonicalJson } from '../../base/canonical-json.js';
import type { DataFacts } from '../../data/dataset.js';
import type { Share } from '../../data/partition/partition.js';
import { SMALLEST_COUNT } from '../../data/survey/own-answer.js';
import { answeredBySites, type SitesSurvey } from '../../data/survey/site-survey.js';
import { addAnswers, answerProblem, surveyOf, type TableSurvey } from '../../data/survey/survey.js';
import type { Constants } from '../../engine/nn/layers/constants.js';
import type { Configuration } from '../../protocol/configuration/configuration.js';
import type { StateDict, StateLayout } from '../../tensor/state-dict.js';
import type { TaskRunner } from '../../training/tasks.js';
import type { Closing, RoundRecord } from '../rounds/round.js';
import type { RoundEvent } from '../rounds/round-events.js';
import type { RunStore } from '../rounds/run-store.js';
import { classWeights } from './class-weights.js';
import { balancesClasses, beginsWithSurvey } from './made-constants.js';
import { constantsState, type PreprocessingPlan, surveyedConstants } from './preprocessing.js';
import { answerLayout, packAnswer, unpackAnswer } from './survey-answer.js';

/** What is asked in the phase, and what becomes of the answers. */
export interface SurveyPlan {
  readonly survey: TableSurvey;
  /** Whether only targets are asked about. */
  readonly ofTargets: boolean;
  /** Counts below are hidden. */
  readonly smallestCount: number;
  /** Of the file of an answer. */
  readonly answer: StateLayout;
  /** How numbers are prepared by the answers, if they are. */
  readonly preprocessing: PreprocessingPlan | undefined;
  readonly balancesClasses: boolean;
}

type Deciding = Pick<Configuration, 'preprocessing' | 'initialModel' | 'loss' | 'task'>;

/** @param preprocessing how numbers are prepared by statistics of the run, if they are */
export function surveyPlanOf(
  configuration: Deciding,
  { targets }: DataFacts,
  preprocessing: PreprocessingPlan | undefined,
): SurveyPlan | undefined {
  if (!beginsWithSurvey(configuration)) return undefined;
  const ofNumbers = preprocessing?.settings.statistics === 'global' ? preprocessing : undefined;
  const survey = ofNumbers?.survey ?? surveyOf({ inputs: [], targets });
  return {
    survey,
    ofTargets: ofNumbers === undefined,
    smallestCount: configuration.preprocessing?.smallestCount ?? SMALLEST_COUNT,
    answer: answerLayout(survey.length),
    preprocessing: ofNumbers,
    balancesClasses: balancesClasses(configuration),
  };
}

/**
 * What a participant is asked: what is counted, which counts are hidden, and whose answers are
 * added to its own. The same question has the same text.
 */
export const questionOf = (
  { survey: { variables, pairs }, smallestCount }: SurveyPlan,
  participants: readonly string[],
): string => canonicalJson({ variables, pairs, smallestCount, participants });

/** The answer for a participant's own training rows, as a file that travels. */
export async function ownSurvey(
  { share, tasks }: { readonly share: Pick<Share, 'train'>; readonly tasks: TaskRunner },
  { smallestCount, ofTargets }: SurveyPlan,
  signal?: AbortSignal,
): Promise<StateDict> {
  const asked = { type: 'survey', rows: share.train, smallestCount, ofTargets } as const;
  const answer = await tasks.survey?.(asked, signal);
  if (answer === undefined) throw new Error('internal: nobody answers a survey here');
  return packAnswer(answer);
}

/**
 * What is wrong with a file of sound numbers as an answer, in a line; undefined if nothing is.
 * @param mostRows the largest number of rows that its owner may have
 */
export const surveyFileProblem = (
  { survey }: SurveyPlan,
  file: StateDict,
  mostRows: number,
): string | undefined => answerProblem(survey, unpackAnswer(file), mostRows);

/** The constants that follow from the answers, which are added in this order. */
function constantsOfAnswers(plan: SurveyPlan, answers: readonly Float64Array[]): Constants {
  const { survey, preprocessing, smallestCount } = plan;
  return {
    ...(preprocessing && surveyedConstants(preprocessing, answers)),
    ...(plan.balancesClasses && classWeights(survey, addAnswers(survey, answers), smallestCount)),
  };
}

interface SurveyWorkshop {
  readonly plan: { readonly survey?: SurveyPlan | undefined };
  readonly store: RunStore;
  readonly rounds: readonly RoundRecord[];
}

/** The coordinator's phase: adds the answers that count, and makes the constants. */
export async function makeConstants(round: number, workshop: SurveyWorkshop): Promise<RoundEvent> {
  const { store, rounds } = workshop;
  const plan = surveyIn(workshop);
  const { closed, contributed } = rounds[round - 1] as RoundRecord;
  const answers: Float64Array[] = [];
  for (const participant of (closed.survey as Closing).counted) {
    const { sha256 } = contributed.survey?.get(participant) ?? {};
    if (sha256 === undefined) throw new Error(`internal: the answer of "${participant}" is not in`);
    answers.push(unpackAnswer(await store.get({ type: 'survey', round, participant }, sha256)));
  }
  const state = constantsState(constantsOfAnswers(plan, answers));
  const sha256 = await store.put({ type: 'constants', round }, state);
  return { type: 'computed', round, phase: 'constants', sha256 };
}

/** What the participants answered, as statistics of each and of all. */
export const surveyedSites = (
  { survey, smallestCount }: SurveyPlan,
  files: readonly { readonly name: string; readonly file: StateDict }[],
): SitesSurvey =>
  answeredBySites(
    survey,
    files.map(({ name, file }) => ({ name, answer: unpackAnswer(file) })),
    smallestCount,
  );

export function surveyIn({ plan }: Pick<SurveyWorkshop, 'plan'>): SurveyPlan {
  if (plan.survey === undefined) throw new Error('internal: this run surveys nothing');
  return plan.survey;
}
