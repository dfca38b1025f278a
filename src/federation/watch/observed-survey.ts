/**
 * Where the sites of a run differ, for observers, from the answers to its survey in the run folder.
 * They are read once somebody watches and the constants are made of them, also after a restart.
 */
import { comparisonOfSites, type SitesComparison } from '../../data/survey/site-comparison.js';
import type { SitesSurvey } from '../../data/survey/site-survey.js';
import type { RoundRecord } from '../rounds/round.js';
import { constantsOf } from '../rounds/survey-phases.js';

/** Undefined if some answer is not there. */
export type ReadSurvey = (first: RoundRecord) => Promise<SitesSurvey | undefined>;

export interface ObservedSurvey {
  /** The comparison, once it is made, always the same object. */
  of(first: RoundRecord): SitesComparison | undefined;
}

/** @param onProblem told in words why there is none */
export function observedSurvey(read: ReadSurvey, onProblem: (problem: string) => void): ObservedSurvey {
  let asked: { readonly constants: string; made?: SitesComparison } | undefined;
  return {
    of(first) {
      const constants = constantsOf([first]);
      if (constants === undefined) return undefined;
      if (asked?.constants !== constants) {
        const mine: NonNullable<typeof asked> = { constants };
        asked = mine;
        read(first).then(
          (survey) => {
            if (survey === undefined) onProblem('the answers are not in the run folder any more');
            else mine.made = comparisonOfSites(survey);
          },
          (error: unknown) => onProblem(error instanceof Error ? error.message : String(error)),
        );
      }
      return asked.made;
    },
  };
}
