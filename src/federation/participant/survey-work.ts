/** A participant's answer to the survey before round 1, computed from its own training rows. */
import { sha256Hex } from '../../base/sha256.js';
import type { Assignment } from '../../protocol/assignment.js';
import { encodeSafetensors } from '../../tensor/safetensors.js';
import type { TaskRunner } from '../../training/tasks.js';
import { FederationError } from '../error.js';
import { ownSurvey, questionOf, type SurveyPlan } from '../methods/federated-survey.js';
import { type HandInFile, handInFile } from './hand-in.js';
import type { AnsweredSurvey } from './kept/answered-survey.js';
import type { OwnData } from './own-data.js';

export interface SurveyContext extends Omit<HandInFile, 'signal' | 'saying'> {
  readonly survey: SurveyPlan | undefined;
  /** The participants of the federation: the answers of all are added up. */
  readonly participants: readonly string[];
  readonly data: OwnData;
  readonly tasks: TaskRunner;
  readonly answered: AnsweredSurvey;
  onActivity(round: number, activity: 'surveying' | 'uploading'): void;
}

/** @throws SurveyRefusedError when the participant answered another survey before */
export async function answerSurvey(
  { round, attempt }: Extract<Assignment, { type: 'survey' }>,
  context: SurveyContext,
  signal: AbortSignal,
  saying: () => void,
): Promise<void> {
  const { survey, participants, data, tasks, answered, onActivity } = context;
  if (survey === undefined) {
    throw new FederationError(
      'federation: the coordinator asks for a survey, but its configuration needs none',
    );
  }
  onActivity(round, 'surveying');
  const asked = await sha256Hex(new TextEncoder().encode(questionOf(survey, participants)));
  const bytes = await answered.answer(asked, async () =>
    encodeSafetensors(await ownSurvey({ share: data.share, tasks }, survey, signal)),
  );
  const announcement = { type: 'contributed', round, ...(attempt && { attempt }), phase: 'survey' } as const;
  await handInFile(bytes, announcement, { ...context, signal, saying });
}
