/**
 * `--decision`: at which cut-off a stored model of two classes is measured. A number is the
 * probability itself; a rule, in the words of the setting `decision`, chooses one on the very
 * examples that are measured.
 */
import { Option } from 'commander';
import { histogramOf } from '../../federation/coordinator/closing/decided-model.js';
import { chosenBin, type DecisionRule } from '../../metrics/cut-off.js';
import type { Metrics } from '../../metrics/metrics.js';
import { lowerEdge, nearestBin } from '../../metrics/score-histograms.js';
import { UsageError } from '../terminal/error.js';

/** A probability, or a rule. */
export type DecisionChoice = number | DecisionRule;

export const decisionOption = () =>
  new Option(
    '--decision <rule>',
    'of two classes: measure where the second one is predicted from a probability on, such as 0.35, or from the one with sensitivity=0.9, specificity=0.95 or youden on these examples; by default where the model itself predicts it',
  ).argParser(decisionOf);

/** "0.35", "youden", "sensitivity=0.9", or "{ sensitivity: 0.9 }" as in a configuration. */
export function decisionOf(text: string): DecisionChoice {
  const words = text.trim();
  if (words === 'youden') return words;
  const [, name, part] = /^\{?\s*(sensitivity|specificity)\s*[=:]\s*([\d.]+)\s*\}?$/.exec(words) ?? [];
  const value = Number(part ?? words);
  if (words === '' || !(value > 0 && (value < 1 || (value === 1 && name !== undefined)))) {
    throw new UsageError(
      `--decision is "${text}", expected a probability between 0 and 1, sensitivity=0.9, specificity=0.95 or youden`,
    );
  }
  if (name === 'sensitivity') return { sensitivity: value };
  return name === 'specificity' ? { specificity: value } : value;
}

/** @throws UsageError when the model does not predict one of two classes */
export function requireTwoClasses(path: string, classes: number): void {
  if (classes === 2) return;
  const has = classes === 0 ? 'none' : `${classes}`;
  throw new UsageError(`--decision is about two classes, and "${path}" has ${has} to choose from`, {
    hint: 'leave --decision out',
  });
}

/** Undefined if the rule finds none, as on examples of one class. It is the edge of a bin. */
export function cutOffBy(choice: DecisionChoice, metrics: Metrics): number | undefined {
  const bin = typeof choice === 'number' ? nearestBin(choice) : chosenBin(histogramOf(metrics), choice);
  return bin === undefined ? undefined : lowerEdge(bin);
}
