/**
 * How the values of the user's own columns are distributed, for the page to show. It is computed by
 * a survey in which nothing is hidden, for it stays on this device.
 */
import { type Column, type Dataset, type HeldColumn, requireHeld } from '../../../../data/dataset.js';
import { type Feature, MISSING_NUMBER } from '../../../../data/features.js';
import { figuresOfSurvey, type VariableFigures } from '../../../../data/survey/figures.js';
import { ownAnswer } from '../../../../data/survey/own-answer.js';
import { surveyOf } from '../../../../data/survey/survey.js';
import { type TableSettings, tableSpec, targetColumns } from '../../../../data/tables/column-specs.js';
import { describeColumn } from '../../../../tensor/column-spec.js';
import type { ShownColumn } from '../../state/messages.js';

/** Of the values of an array, as many are counted at most. */
const MOST_COUNTED = 200_000;
/** More names of categories are put together. */
const MOST_NAMES = 8;

/** The columns of a table: those that are learned first. */
export function shownTable(dataset: Dataset, settings: TableSettings): ShownColumn[] {
  const { columns, target } = tableSpec(settings);
  const inputs = dataset.inputs.map((column) => withRanges(requireHeld(column)));
  const names = targetColumns(target);
  const learned = dataset.targets.map((column) => withRanges(asFeatures(column, names)));
  const days = columns.filter(({ value }) => value.kind === 'date').map(({ name }) => name);
  return distributed(inputs, learned, dataset.examples, days);
}

/** Arrays: those that are learned first, and each as a whole. */
export function shownArrays({ inputs, targets }: Pick<Dataset, 'inputs' | 'targets'>): ShownColumn[] {
  const of = (columns: readonly Column[], isTarget: boolean) =>
    columns.map((column) => shownArray(requireHeld(column), isTarget));
  return [...of(targets, true), ...of(inputs, false)];
}

/** The classes of texts, and how long the texts are. */
export function shownTexts({ inputs, targets, examples }: Dataset): ShownColumn[] {
  const [tokens] = inputs.map(requireHeld);
  const { meaning, values = [], shape: [length = 1] = [] } = tokens ?? {};
  const padding = meaning?.kind === 'tokens' ? meaning.padding : undefined;
  const [name, lengths] = ['length in tokens', new Float32Array(examples)];
  for (const [at, token] of values.entries()) {
    if (token !== padding) (lengths[Math.floor(at / length)] as number) += 1;
  }
  const measured = { name, dtype: 'f32', shape: [], meaning: { kind: 'number' }, values: lengths } as const;
  return [...shownArrays({ inputs: [], targets }), { ...shownArray(measured, false), text: 'after cutting' }];
}

function shownArray(column: HeldColumn, isTarget: boolean): ShownColumn {
  const { name, meaning, values } = column;
  const about = { name, text: describeColumn(column), isTarget, values: values.length };
  if (meaning.kind === 'picture') return { ...about, missing: 0, distribution: undefined };
  const flat = { ...column, shape: [1], values: values.subarray(0, MOST_COUNTED) };
  const [shown] = distributed([withRanges(asFeatures(flat, [name]))], [], flat.values.length, []);
  return { ...about, missing: shown?.missing ?? 0, distribution: shown?.distribution };
}

/** The column with its numbers as features of these names. */
function asFeatures(column: HeldColumn, names: readonly string[]): HeldColumn {
  const { meaning, shape } = column;
  if (meaning.kind === 'features') return column;
  const features = names.map((name): Feature => {
    if (meaning.kind === 'categories') return { kind: 'category', name, names: meaning.names };
    return { kind: 'number', name, ...(meaning.kind === 'number' && { unit: meaning.unit }) };
  });
  return { ...column, shape: shape.length === 0 ? [1] : shape, meaning: { kind: 'features', features } };
}

/** The column, with the range of its values for each number that has no declared one. */
function withRanges(column: HeldColumn): HeldColumn {
  const { meaning, values } = column;
  if (meaning.kind !== 'features') return column;
  const { features } = meaning;
  const ranged = features.map((feature, place): Feature => {
    if (feature.kind === 'category' || feature.range !== undefined) return feature;
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let at = place; at < values.length; at += features.length) {
      const value = values[at] as number;
      if (value === MISSING_NUMBER) continue;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
    if (low > high) return { ...feature, range: [0, 1] };
    return { ...feature, range: low < high ? [low, high] : [low - 0.5, high + 0.5] };
  });
  return { ...column, meaning: { kind: 'features', features: ranged } };
}

function distributed(
  inputs: readonly HeldColumn[],
  targets: readonly HeldColumn[],
  examples: number,
  days: readonly string[],
): ShownColumn[] {
  const dataset: Dataset = { name: 'own', examples, inputs, targets };
  const survey = surveyOf(dataset);
  const rows = Uint32Array.from({ length: examples }, (_, row) => row);
  const { variables } = figuresOfSurvey(survey, ownAnswer(survey, dataset, rows, 1));
  const shown = variables.map((figures) => shownColumn(figures, days));
  return [...shown.filter(({ isTarget }) => isTarget), ...shown.filter(({ isTarget }) => !isTarget)];
}

function shownColumn(figures: VariableFigures, days: readonly string[]): ShownColumn {
  const { variable, rows: values, missing } = figures;
  const about = { name: variable.name, isTarget: variable.source.of === 'targets', values, missing };
  if ('mean' in figures) {
    const { counts, below, above, mean, variable: number } = figures;
    const { edges, unit } = number;
    const [low = 0, high = 0] = [edges[0], edges.at(-1)];
    const areDays = days.includes(number.name);
    return {
      ...{ ...about, text: areDays ? 'day' : (unit ?? 'number') },
      distribution: { kind: 'numbers', areDays, low, high, counts, beyond: below + above, mean },
    };
  }
  const { counts, other, variable: category } = figures;
  const order = [...category.names.keys()];
  if (order.length > MOST_NAMES) order.sort((a, b) => (counts[b] as number) - (counts[a] as number) || a - b);
  const [named, others] = [order.slice(0, MOST_NAMES), order.slice(MOST_NAMES)];
  const rest = others.reduce((sum, at) => sum + (counts[at] as number), 0);
  return {
    ...{ ...about, text: 'category' },
    distribution: {
      ...{ kind: 'categories', names: named.map((at) => category.names[at] as string) },
      ...{ counts: named.map((at) => counts[at] as number), other },
      ...(others.length > 0 && { rest: { names: others.length, count: rest } }),
    },
  };
}
