/**
 * The metrics that the setting `metrics` can name, by task. `known-figures.ts` has the formula of
 * each, and docs/metrics.md says them in words.
 */
import type { Complaint } from '../base/complaint.js';
import { nearestName } from '../base/nearest-name.js';
import type { MetricFacts, TaskMetrics } from './metric.js';

type Facts = Omit<MetricFacts, 'name'> & {
  /** Which examples have no such figure: what they are or have; left out where all have it. */
  readonly undefinedFor?: string;
};

const ONE_CLASS = 'are of one class only';
const LOSS = { better: 'lower', format: 'number' } as const;

const ofClasses = {
  accuracy: { better: 'higher', format: 'percent' },
  'balanced-accuracy': { label: 'balanced accuracy', better: 'higher', format: 'percent' },
  'f1-macro': { label: 'macro F1', better: 'higher', format: 'fraction' },
  'f1-weighted': { label: 'weighted F1', better: 'higher', format: 'fraction' },
  auroc: { label: 'AUROC', better: 'higher', format: 'fraction', undefinedFor: ONE_CLASS },
  'average-precision': {
    ...{ label: 'average precision', better: 'higher', format: 'fraction' },
    undefinedFor: 'have no positive one',
  },
  brier: { label: 'Brier score', better: 'lower', format: 'number' },
  'calibration-error': { label: 'calibration error', better: 'lower', format: 'fraction' },
  sensitivity: {
    ...{ better: 'higher', format: 'percent' },
    undefinedFor: 'have no positive one',
  },
  specificity: {
    ...{ better: 'higher', format: 'percent' },
    undefinedFor: 'have no negative one',
  },
  loss: LOSS,
} satisfies Record<string, Facts>;

const ofLabels = {
  ...pick(ofClasses, 'f1-macro', 'f1-weighted', 'accuracy'),
  'exact-match': { label: 'exact match', better: 'higher', format: 'percent' },
  ...pick(ofClasses, 'auroc', 'average-precision', 'brier', 'calibration-error', 'loss'),
} satisfies Record<string, Facts>;

const NO_PIXELS = 'have no pixel that counts';
const ofPixels = {
  iou: { label: 'IoU', better: 'higher', format: 'percent', undefinedFor: NO_PIXELS },
  dice: { label: 'Dice', better: 'higher', format: 'percent', undefinedFor: NO_PIXELS },
  'pixel-accuracy': {
    ...{ label: 'pixel accuracy', better: 'higher', format: 'percent' },
    undefinedFor: NO_PIXELS,
  },
  loss: LOSS,
} satisfies Record<string, Facts>;

const ofNumbers = {
  rmse: { label: 'RMSE', better: 'lower', format: 'number' },
  mae: { label: 'MAE', better: 'lower', format: 'number' },
  r2: { label: 'R²', better: 'higher', format: 'number', undefinedFor: 'have the same number for a target' },
  loss: LOSS,
} satisfies Record<string, Facts>;

const known: Readonly<Record<string, Readonly<Record<string, Facts>>>> = {
  classification: ofClasses,
  'multi-label': ofLabels,
  segmentation: ofPixels,
  regression: ofNumbers,
};

export type ClassMetricName = Exclude<keyof typeof ofClasses, 'loss'>;
export type LabelMetricName = Exclude<keyof typeof ofLabels, 'loss'>;
export type NumberMetricName = Exclude<keyof typeof ofNumbers, 'loss'>;

/** The task's metrics of these names, in this order; the loss is added if it is not there. */
export function chosenMetrics(task: string, names: readonly string[]): TaskMetrics {
  const all = names.includes('loss') ? names : [...names, 'loss'];
  const metrics = all.flatMap((name) => {
    const one = known[task]?.[name];
    if (one === undefined) return [];
    const { undefinedFor: _, ...facts } = one;
    return [{ name, ...facts }];
  });
  return metrics as unknown as TaskMetrics;
}

/** What is wrong with the setting `metrics` for that task; undefined if nothing is. */
export function chosenMetricsProblem(task: string, names: readonly string[]): Complaint | undefined {
  const all = known[task];
  if (all === undefined) {
    return {
      message: `"metrics" is set, but "task" is "${task}", expected a task whose metrics can be chosen: ${Object.keys(known).join(', ')}`,
      hint: 'leave "metrics" out: such a task has its own',
    };
  }
  const wrong = names.find((name) => all[name] === undefined);
  if (wrong === undefined) return undefined;
  const nearest = nearestName(wrong, Object.keys(all));
  return {
    message: `"metrics" has "${wrong}", expected names among ${Object.keys(all).join(', ')}, the metrics of ${task}`,
    hint: nearest === undefined ? undefined : `did you mean "${nearest}"?`,
  };
}

/** With more classes, the histograms of their scores would be too large. */
const MOST_SCORED_CLASSES = 100;

/** What is wrong with these metrics for so many classes; undefined if nothing is. */
export function classMetricsProblem(names: readonly string[] = [], classes: number): Complaint | undefined {
  const binary = names.filter((name) => name === 'sensitivity' || name === 'specificity');
  if (binary.length > 0 && classes !== 2) {
    return {
      message: `"metrics" has ${binary.join(' and ')}, which are of two classes, but the data have ${classes}`,
      hint: 'take balanced-accuracy or f1-macro',
    };
  }
  const scored = names.filter((name) => name === 'auroc' || name === 'average-precision');
  if (scored.length === 0 || classes <= MOST_SCORED_CLASSES) return undefined;
  return {
    message: `"metrics" has ${scored.join(' and ')}, for at most ${MOST_SCORED_CLASSES} classes, but the data have ${classes}`,
    hint: 'take balanced-accuracy or f1-macro',
  };
}

/** What is wrong with the setting `decision` for so many classes; undefined if nothing is. */
export const decisionProblem = (decision: unknown, classes: number): Complaint | undefined =>
  decision === undefined || classes === 2
    ? undefined
    : {
        message: `"decision" is set, which is about two classes, but the data have ${classes}`,
        hint: 'leave "decision" out',
      };

/** Which examples have no figure of this metric, such as “are of one class only”. */
export const reasonUndefined = ({ name }: MetricFacts): string | undefined =>
  Object.values(known).find((metrics) => metrics[name] !== undefined)?.[name]?.undefinedFor;

function pick<Of, Key extends keyof Of>(of: Of, ...keys: Key[]): Pick<Of, Key> {
  return Object.fromEntries(keys.map((key) => [key, of[key]])) as Pick<Of, Key>;
}
