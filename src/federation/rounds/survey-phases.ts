/**
 * The phases before round 1 of a run that prepares the numbers of tables by their statistics
 * (`methods/preprocessing.ts`). Every participant answers the survey of its own rows by a file of
 * sums, and the coordinator makes the constants from the answers. They belong to round 1, so a run
 * that goes back to its beginning asks again.
 */
import { contributedTo, type Phase, type RoundRecord, type RunState } from './round.js';

const surveying = {
  activity: 'surveying',
  isPartOf: (_: RunState, { round }: RoundRecord) => round === 1,
};

export const surveyPhases: readonly Phase[] = [
  {
    ...{ ...contributedTo('survey'), ...surveying },
    lacks: ({ file, sums }) => (file === undefined || sums !== undefined ? 'a file' : undefined),
    ask: async () => ({ type: 'survey' }),
  },
  {
    ...{ by: 'coordinator', name: 'constants', ...surveying },
    isDone: ({ computed }) => computed.constants !== undefined,
  },
];

/** The SHA-256 of the constants, once they are made. */
export const constantsOf = ([first]: readonly RoundRecord[]): string | undefined => first?.computed.constants;
