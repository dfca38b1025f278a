/**
 * The description of a metric: its name, its direction, and how it is written. Code that records,
 * shows or compares figures takes these from the task, so none of it depends on a particular
 * metric.
 */
import type { z } from 'zod';
import type { metricSchema } from './schemas.js';

export type MetricFacts = Readonly<z.output<typeof metricSchema>>;

/** The metrics of a task: the main one first, the loss among them. */
export type TaskMetrics = readonly [MetricFacts, ...MetricFacts[]];

/** The figures of a model on some examples, by name. A figure that is not finite is left out. */
export type Figures = Readonly<Record<string, number>>;

export const finiteFigures = (figures: Figures): Figures =>
  Object.fromEntries(Object.entries(figures).filter(([, value]) => Number.isFinite(value)));

/** Why figures from elsewhere cannot be of these metrics; undefined if they can. */
export function figuresProblem(figures: Figures, metrics: readonly MetricFacts[]): string | undefined {
  for (const [name, value] of Object.entries(figures)) {
    const metric = metrics.find((one) => one.name === name);
    if (metric === undefined) {
      return `"${name}" is ${value}, expected one of ${metrics.map((one) => one.name).join(', ')}`;
    }
    if (isFraction(metric) && (value < 0 || value > 1)) {
      return `"${name}" is ${value}, expected a number from 0 to 1`;
    }
  }
  return undefined;
}

/** Whether its figures lie between 0 and 1. */
export const isFraction = ({ format }: MetricFacts) => format !== 'number';

/** By how much `to` is better than `from`; below 0 if it is worse. */
export const gain = ({ better }: MetricFacts, from: number, to: number) =>
  better === 'higher' ? to - from : from - to;

export const isBetter = (metric: MetricFacts, one: number, other: number) => gain(metric, other, one) > 0;

/** A comparison that sorts the best first. */
export const bestFirst =
  (metric: MetricFacts) =>
  (a: number, b: number): number =>
    gain(metric, a, b);

/** The best of these values; undefined if there are none. */
export const bestOf = (metric: MetricFacts, values: readonly number[]): number | undefined =>
  values.toSorted(bestFirst(metric))[0];
export const worstOf = (metric: MetricFacts, values: readonly number[]): number | undefined =>
  values.toSorted(bestFirst(metric)).at(-1);

/** A figure in text; "–" if it is not known. */
export const writtenOf = (metric: MetricFacts, figures: Figures | undefined): string => {
  const value = figures?.[metric.name];
  return value === undefined ? '–' : written(metric, value);
};

/** The name within a sentence: "accuracy", "RMSE". */
export const labelOf = ({ name, label }: MetricFacts) => label ?? name;

/** The name at the beginning of a sentence. */
export function titleOf(metric: MetricFacts): string {
  const label = labelOf(metric);
  return `${label.charAt(0).toUpperCase()}${label.slice(1)}`;
}

/** "91.23%", "0.874", "3.214 km" */
export const written = (metric: MetricFacts, value: number) =>
  metric.format === 'percent'
    ? `${writtenBare(metric, value)}%`
    : withUnit(metric, writtenBare(metric, value));

/** Within a sentence: "AUROC 0.874", "RMSE 3.214 km"; an accuracy needs no name: "91.23%". */
export const named = (metric: MetricFacts, value: number) =>
  metric.name === 'accuracy' ? written(metric, value) : `${labelOf(metric)} ${written(metric, value)}`;

/** For a table whose legend names the unit: "91.23", "0.874", "3.214". */
export function writtenBare({ format }: MetricFacts, value: number, digits = 2): string {
  if (format === 'percent') return (100 * value).toFixed(digits);
  return format === 'fraction' ? value.toFixed(3) : significant(value);
}

/** The unit of the numbers in such a table; undefined for numbers without a unit. */
export const tableUnit = ({ format, unit }: MetricFacts) => (format === 'percent' ? 'per cent' : unit);

/** A difference of two figures: "3.12 points", "0.25 km". */
export const writtenDifference = (metric: MetricFacts, difference: number, digits = 2) =>
  metric.format === 'percent'
    ? `${(100 * difference).toFixed(digits)} points`
    : withUnit(metric, writtenBare(metric, difference));

/** For the axis of a chart: "91.5%", "3.2". */
export const writtenTick = ({ format }: MetricFacts, value: number) =>
  format === 'percent' ? `${Number((100 * value).toFixed(1))}%` : String(Number(value.toPrecision(6)));

const withUnit = ({ unit }: MetricFacts, text: string) => (unit === undefined ? text : `${text} ${unit}`);

/** Four significant digits; large numbers keep all places before the point. */
const significant = (value: number) =>
  Math.abs(value) >= 1e4 && Math.abs(value) < 1e15
    ? String(Math.round(value))
    : String(Number(value.toPrecision(4)));
