/** A survey of tables that are all on this machine: of each site, and of all together. */
import type { Dataset } from '../dataset.js';
import { figuresOfSurvey, type SurveyFigures } from './figures.js';
import { ownAnswer, SMALLEST_COUNT } from './own-answer.js';
import { addAnswers, surveyOf } from './survey.js';

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

/** All rows of the tables, with small counts of each table hidden before they are added up. */
export function surveySites(tables: readonly SiteTable[], smallestCount = SMALLEST_COUNT): SitesSurvey {
  const [first] = tables;
  const survey = surveyOf(first?.dataset ?? { inputs: [], targets: [] });
  const answers = tables.map(({ dataset }) => {
    const rows = Uint32Array.from({ length: dataset.examples }, (_, row) => row);
    return ownAnswer(survey, dataset, rows, smallestCount);
  });
  return {
    smallestCount,
    total: figuresOfSurvey(survey, addAnswers(survey, answers)),
    sites: answers.map((answer, i) => ({
      name: (tables[i] as SiteTable).name,
      ...figuresOfSurvey(survey, answer),
    })),
  };
}
