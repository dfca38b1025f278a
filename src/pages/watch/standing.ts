/** What a participant is doing now: as one word for sorting and filtering, and as text. */
import type { Status } from '../../protocol/status.js';
import { doing } from '../../report/text/status-lines.js';
import type { Words } from '../../report/words.js';

export type ParticipantStatus = Status['participants'][number];

/** In the order of the table: missing participants first. */
export const standings = [
  'gone',
  'not joined',
  'left',
  'dropped',
  'surveying',
  'training',
  'uploading',
  'downloading',
  'evaluating',
  'waiting',
  'here',
  'unknown',
] as const;
export type ParticipantState = (typeof standings)[number];

const missing: ReadonlySet<ParticipantState> = new Set(['gone', 'not joined', 'left', 'dropped']);
const isMissing = (standing: ParticipantState) => missing.has(standing);

export const standingOf = ({ presence, progress }: ParticipantStatus): ParticipantState =>
  presence === 'here' ? (progress?.activity ?? 'here') : presence;

/** Whether it is missing although it is needed. At the end, those who are done may go. */
export const isTrouble = (standing: ParticipantState, isDone: boolean) =>
  isMissing(standing) && !(isDone && standing === 'gone');

/** `gone since 12:03:10`, `training, epoch 2 of 3, 1,234 images/s` */
export function standingText(
  participant: ParticipantStatus,
  timeOf: (at: string) => string,
  words: Words,
): string {
  const standing = standingOf(participant);
  if (standing === 'unknown') return '–';
  if (!isMissing(standing)) return doing(withoutStep(participant), words) || standing;
  const { since, reason } = participant;
  const when = since === undefined ? '' : ` since ${timeOf(since)}`;
  return `${standing}${when}${reason === undefined ? '' : `: ${reason}`}`;
}

/** Without the step, which is shown as a bar. */
function withoutStep(participant: ParticipantStatus): ParticipantStatus {
  if (participant.progress === undefined) return participant;
  const { step: _, ...progress } = participant.progress;
  return { ...participant, progress };
}

/** The finished part of this round's training, from 0 to 1. */
export function trainedPart({ presence, progress }: ParticipantStatus): number | undefined {
  if (presence !== 'here' || progress?.activity !== 'training') return undefined;
  const { epoch = 1, epochs = 1, step, steps } = progress;
  if (step === undefined || steps === undefined) return undefined;
  return Math.min(1, Math.max(0, (epoch - 1 + step / steps) / epochs));
}
