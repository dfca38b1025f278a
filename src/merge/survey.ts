/** The passes over all values that come before a strategy can combine them, in memory and over files alike. */
import { gramSurvey } from './gram.js';
import type { Combination, Strategy, Survey } from './strategy.js';

/** The first pass, or what the values are combined by where there is none. */
export function begin(strategy: Strategy, examples: readonly number[]): Survey | Combination {
  switch (strategy.needs) {
    case 'gram':
      return gramSurvey(examples.length, (grams) => strategy.prepare(grams, examples));
    case 'all':
      return strategy.survey(examples.length);
    default:
      return strategy;
  }
}

export const isSurvey = (stage: Survey | Combination): stage is Survey => 'see' in stage;
