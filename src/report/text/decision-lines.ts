/** Says from which probability on a class is predicted, and what that comes to. */
import type { RunResult } from '../../federation/record/run-result.js';
import {
  CUT_OFF_FIGURES,
  type CutOffResult,
  type Decision,
  type DecisionRule,
} from '../../metrics/cut-off.js';
import { count, percent, plural } from '../numbers.js';

const LABELS: Readonly<Record<(typeof CUT_OFF_FIGURES)[number], string>> = {
  sensitivity: 'sensitivity',
  specificity: 'specificity',
  ppv: 'PPV',
  npv: 'NPV',
};

/** @param examples what the examples are called */
export function decisionLines(
  { settings, decision, stopped, sharing, participants }: RunResult,
  examples: string,
): string[] {
  const { decision: rule } = settings;
  if (rule === undefined || stopped.reason === 'interrupted' || stopped.reason === 'diverged') return [];
  if (decision === undefined) {
    if (sharing?.length === 0) {
      return [`no probability was chosen by ${ruleText(rule)}: no participant shared its sums`];
    }
    return [
      `no probability was chosen by ${ruleText(rule)}: the validation ${examples} are of one class only, or none has it`,
    ];
  }
  const { validation, test } = decision;
  return [
    cutOffText(decision),
    cutOffLine(
      `validation ${examples} of ${
        sharing === undefined
          ? 'all participants'
          : `${decision.participants} of ${plural(participants.length, 'participant')}`
      }`,
      validation,
    ),
    ...(test === undefined ? [] : [cutOffLine(`test ${examples}`, test)]),
  ];
}

/** "disease is predicted from a probability of 0.412 on, chosen by a sensitivity of 90%" */
export const cutOffText = ({ rule, cutOff, positive }: Pick<Decision, 'rule' | 'cutOff' | 'positive'>) =>
  `"${positive}" is predicted from a probability of ${probabilityText(cutOff)} on, chosen by ${ruleText(rule)}`;

export const probabilityText = (cutOff: number): string => String(Number(cutOff.toPrecision(3)));

/** "of 66 validation rows: sensitivity 91.18% [81.20 to 96.10], …" */
export function cutOffLine(examples: string, result: CutOffResult): string {
  const { truePositives, falsePositives, falseNegatives, trueNegatives, figures, intervals } = result;
  const total = truePositives + falsePositives + falseNegatives + trueNegatives;
  const bare = (value: number) => (100 * value).toFixed(2);
  const each = CUT_OFF_FIGURES.map((name) => {
    const [figure, interval] = [figures[name], intervals?.[name]];
    if (figure === undefined) return `no ${LABELS[name]}`;
    const within = interval === undefined ? '' : ` [${bare(interval.low)} to ${bare(interval.high)}]`;
    return `${LABELS[name]} ${percent(figure)}${within}`;
  });
  return `on ${count(total)} ${examples}: ${each.join(', ')}`;
}

/** "a sensitivity of 90%" */
export function ruleText(rule: DecisionRule): string {
  if (rule === 'youden') return 'the greatest sum of sensitivity and specificity';
  return 'sensitivity' in rule
    ? `a sensitivity of ${percent(rule.sensitivity)}`
    : `a specificity of ${percent(rule.specificity)}`;
}
