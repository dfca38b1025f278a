/** A survey of several sites: of each site, and of all together. */
import type { Dataset } from '../dataset.js';
import { figuresOfSurvey, type SurveyFigures } from './figures.js';
import { ownAnswer, SMALLEST_COUNT } from './own-answer.js';
import { addAnswers, surveyOf, type TableSurvey } from './survey.js';

export interface SiteTable {
  readonly name: string;
  /** Of the same columns at each site. */
  readonly dataset: Dataset;
}

export interface SitesSurvey {
  /** Counts below are hidden. */
  readonly smallestCount: number;
  readonly total: SurveyFigures;
  /** In the order of the tables; with fewer rows than the smallest count, of 0 rows. */
  readonly sites: readonly SiteFigures[];
}

export interface SiteFigures extends SurveyFigures {
  readonly name: string;
}

/**
 * All rows of tables that are on this machine, with small counts of each table hidden before they
 * are added up.
 */
export function surveySites(tables: readonly SiteTable[], smallestCount = SMALLEST_COUNT): SitesSurvey {
  const [first] = tables;
  const survey = surveyOf(first?.dataset ?? { inputs: [], targets: [] });
  const answers = tables.map(({ name, dataset }) => {
    const rows = Uint32Array.from({ length: dataset.examples }, (_, row) => row);
    return { name, answer: ownAnswer(survey, dataset, rows, smallestCount) };
  });
  return answeredBySites(survey, answers, smallestCount);
}

export interface SiteAnswer {
  readonly name: string;
  readonly answer: Float64Array;
}

/** The figures of the sites' answers, in which small counts are hidden already. */
export const answeredBySites = (
  survey: TableSurvey,
  answers: readonly SiteAnswer[],
  smallestCount: number,
): SitesSurvey => ({
  smallestCount,
  total: figuresOfSurvey(
    survey,
    addAnswers(
      survey,
      answers.map(({ answer }) => answer),
    ),
  ),
  sites: answers.map(({ name, answer }) => ({ name, ...figuresOfSurvey(survey, answer) })),
});
