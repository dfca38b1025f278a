/**
 * A target: a figure to be reached by the merged model (`reference`) or by local training
 * (`threshold`). A number alone means the task's main metric: at least or at most that much, by its
 * direction. This module alone decides whether a target is reached.
 */
import type { z } from 'zod';
import type { Complaint } from '../base/complaint.js';
import { nearestName } from '../base/nearest-name.js';
import { reasonUndefined } from './known-metrics.js';
import {
  type Figures,
  gain,
  isFraction,
  labelOf,
  type MetricFacts,
  type TaskMetrics,
  written,
} from './metric.js';
import type { targetSchema } from './schemas.js';

export type TargetSetting = z.output<typeof targetSchema>;

export interface Target {
  readonly metric: MetricFacts;
  readonly value: number;
}

/** The target of a setting for which `targetProblem` found no problem. */
export function targetOf(setting: TargetSetting, metrics: TaskMetrics): Target {
  if (typeof setting === 'number') return { metric: metrics[0], value: setting };
  const metric = metrics.find(({ name }) => name === setting.metric);
  const value = setting.atLeast ?? setting.atMost;
  if (metric === undefined || value === undefined) throw new Error('internal: a target that was not checked');
  return { metric, value };
}

/** What is wrong with a target for a task with these metrics; undefined if nothing is. */
export function targetProblem(
  field: string,
  setting: TargetSetting,
  metrics: TaskMetrics,
): Complaint | undefined {
  if (typeof setting === 'number') return rangeProblem(field, metrics[0], setting);
  const names = metrics.map(({ name }) => name);
  const metric = metrics.find(({ name }) => name === setting.metric);
  if (metric === undefined) {
    const nearest = nearestName(setting.metric, names);
    return {
      message: `"${field}.metric" is "${setting.metric}", expected one of ${names.join(', ')}, the metrics of this task`,
      hint: nearest === undefined ? undefined : `did you mean "${nearest}"?`,
    };
  }
  const [right, wrong] =
    metric.better === 'higher' ? (['atLeast', 'atMost'] as const) : (['atMost', 'atLeast'] as const);
  const example = `such as { metric: ${metric.name}, ${right}: ${setting[right] ?? setting[wrong] ?? (isFraction(metric) ? 0.9 : 1)} }`;
  if (setting[wrong] !== undefined) {
    const both = setting[right] === undefined ? '' : ' alone';
    return {
      message: `"${field}.${wrong}" is ${setting[wrong]}, expected "${right}"${both}: of "${metric.name}" ${metric.better} is better`,
      hint: example,
    };
  }
  const value = setting[right];
  if (value === undefined)
    return { message: `"${field}.${right}" is missing, expected a number`, hint: example };
  return rangeProblem(`${field}.${right}`, metric, value);
}

function rangeProblem(field: string, metric: MetricFacts, value: number): Complaint | undefined {
  if (!isFraction(metric) || (value >= 0 && value <= 1)) return undefined;
  return {
    message: `"${field}" is ${value}, expected a number from 0 to 1`,
    hint: value >= 10 && value <= 100 ? `${value}% is ${Number((value / 100).toPrecision(6))}` : undefined,
  };
}

/** A figure that is not known does not reach a target. */
export function reached(figures: Figures, { metric, value }: Target): boolean {
  const figure = figures[metric.name];
  return figure !== undefined && gain(metric, value, figure) >= 0;
}

/**
 * Whether figures do not reach a target. A figure that these examples do not define, such as an
 * AUROC without negative ones, neither reaches it nor falls short of it.
 */
export const fallsShort = (figures: Figures, target: Target): boolean =>
  !reached(figures, target) &&
  (figures[target.metric.name] !== undefined || reasonUndefined(target.metric) === undefined);

/** How much is missing to the target; undefined if the figure is not known. */
export function shortfall(figures: Figures, { metric, value }: Target): number | undefined {
  const figure = figures[metric.name];
  return figure === undefined ? undefined : gain(metric, figure, value);
}

/** "91.00%" for the task's main metric, otherwise "RMSE 3.2 km". */
export function writtenTarget({ metric, value }: Target, [main]: TaskMetrics): string {
  const figure = written(metric, value);
  return metric.name === main.name ? figure : `${labelOf(metric)} ${figure}`;
}
