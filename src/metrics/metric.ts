/**
 * What a metric is to those who read it: its name, which way is better, how it is written. Whatever
 * records, shows or compares figures takes these facts from the task, so that none of it knows an
 * accuracy from a root mean squared error.
 */
import type { z } from 'zod';
import type { metricSchema } from './schemas.js';

export type MetricFacts = Readonly<z.output<typeof metricSchema>>;

/** The metrics of a task: the main one first, the loss among them. */
export type TaskMetrics = readonly [MetricFacts, ...MetricFacts[]];

/** What a model came to on some examples, by the metric's name. A figure that is not finite is left out. */
export type Figures = Readonly<Record<string, number>>;

export const finiteFigures = (figures: Figures): Figures =>
  Object.fromEntries(Object.entries(figures).filter(([, value]) => Number.isFinite(value)));

/** Why figures that somebody else says cannot be of these metrics; undefined where they can. */
export function figuresProblem(figures: Figures, metrics: readonly MetricFacts[]): string | undefined {
  for (const [name, value] of Object.entries(figures)) {
    const metric = metrics.find((one) => one.name === name);
    if (metric === undefined) {
      return `"${name}" is ${value}, expected one of ${metrics.map((one) => one.name).join(', ')}`;
    }
    if (metric.format === 'percent' && (value < 0 || value > 1)) {
      return `"${name}" is ${value}, expected a number from 0 to 1`;
    }
  }
  return undefined;
}

/** By how much `to` is better than `from`; below 0 where it is worse. */
export const gain = ({ better }: MetricFacts, from: number, to: number) =>
  better === 'higher' ? to - from : from - to;

export const isBetter = (metric: MetricFacts, one: number, other: number) => gain(metric, other, one) > 0;

/** Sorts the best first. */
export const bestFirst =
  (metric: MetricFacts) =>
  (a: number, b: number): number =>
    gain(metric, a, b);

/** Undefined of nothing. */
export const bestOf = (metric: MetricFacts, values: readonly number[]): number | undefined =>
  values.toSorted(bestFirst(metric))[0];
export const worstOf = (metric: MetricFacts, values: readonly number[]): number | undefined =>
  values.toSorted(bestFirst(metric)).at(-1);

/** "–" for a figure that is not known. */
export const writtenOf = (metric: MetricFacts, figures: Figures | undefined): string => {
  const value = figures?.[metric.name];
  return value === undefined ? '–' : written(metric, value);
};

/** In the middle of a sentence: "accuracy", "RMSE". */
export const labelOf = ({ name, label }: MetricFacts) => label ?? name;

/** At its beginning. */
export function titleOf(metric: MetricFacts): string {
  const label = labelOf(metric);
  return `${label.charAt(0).toUpperCase()}${label.slice(1)}`;
}

/** "91.23%", "3.214 km" */
export const written = (metric: MetricFacts, value: number) =>
  metric.format === 'percent' ? `${(100 * value).toFixed(2)}%` : withUnit(metric, significant(value));

/** In a table whose legend tells the unit: "91.23", "3.214". */
export const writtenBare = ({ format }: MetricFacts, value: number, digits = 2) =>
  format === 'percent' ? (100 * value).toFixed(digits) : significant(value);

/** What the numbers of such a table are in; undefined for numbers without a unit. */
export const tableUnit = ({ format, unit }: MetricFacts) => (format === 'percent' ? 'per cent' : unit);

/** A difference of two figures: "3.12 points", "0.25 km". */
export const writtenDifference = (metric: MetricFacts, difference: number, digits = 2) =>
  metric.format === 'percent'
    ? `${(100 * difference).toFixed(digits)} points`
    : withUnit(metric, significant(difference));

/** On the axis of a chart: "91.5%", "3.2". */
export const writtenTick = ({ format }: MetricFacts, value: number) =>
  format === 'percent' ? `${Number((100 * value).toFixed(1))}%` : String(Number(value.toPrecision(6)));

const withUnit = ({ unit }: MetricFacts, text: string) => (unit === undefined ? text : `${text} ${unit}`);

/** Four digits that say something, more for large numbers, whose places all count. */
const significant = (value: number) =>
  Math.abs(value) >= 1e4 && Math.abs(value) < 1e15
    ? String(Math.round(value))
    : String(Number(value.toPrecision(4)));
