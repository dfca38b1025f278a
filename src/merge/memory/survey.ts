/**
 * Runs the passes over all values that a strategy needs before it can combine them, in memory and
 * over files.
 */
import { fromMedian } from '../kernels/centred.js';
import { distanceSurvey } from '../kernels/distances.js';
import { gramSurvey } from '../kernels/gram.js';
import type { Combination, Strategy, Survey } from '../strategy.js';

/** The first pass, or how the values are combined if there is none. */
export function begin(strategy: Strategy, examples: readonly number[]): Survey | Combination {
  switch (strategy.needs) {
    case 'gram': {
      const survey = gramSurvey(examples.length, (grams) => strategy.prepare(grams, examples));
      if (strategy.from !== 'median') return survey;
      return { ...survey, see: (columns, block) => survey.see(fromMedian(columns, examples), block) };
    }
    case 'distances':
      return distanceSurvey(examples.length, (squares) => strategy.prepare(squares, examples));
    case 'all':
      return strategy.survey(examples.length);
    default:
      return strategy;
  }
}

export const isSurvey = (stage: Survey | Combination): stage is Survey => 'see' in stage;
