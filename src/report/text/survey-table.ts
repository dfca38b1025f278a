/**
 * The figures of a survey as the first table of a medical paper has them: a column for all rows
 * together, one for each site, and below each name what it is like there.
 */
import {
  type CategoryFigures,
  type NumberFigures,
  quantileOf,
  type SurveyFigures,
  type VariableFigures,
} from '../../data/survey/figures.js';
import type { SitesSurvey } from '../../data/survey/site-survey.js';
import { missingCell } from '../../data/survey/variables.js';
import { count, wholeShare } from '../numbers.js';
import { textTable, widthOf } from '../text-table.js';

/** A line over the whole width, or cells. */
type TextLine = string | readonly string[];

/** Longer names of categories and sites are cut. */
const MOST_LETTERS = 24;

/**
 * @param width in characters; sites that do not fit beside each other come in further tables
 * @param isTotal whether only the column of all rows is shown
 */
export function surveyTable({ total, sites }: SitesSurvey, width: number, isTotal: boolean): string[] {
  const columns = [
    { name: 'all', ...total },
    // One table is all.
    ...(isTotal || sites.length === 1 ? [] : sites),
  ];
  const lines = tableLines(columns);
  const cells = lines.filter((line) => typeof line !== 'string');
  const widths = columns.map((_, at) => 2 + widthOf(cells.map((row) => row[at + 1] as string)));
  const labels = widthOf(cells.map(([label = '']) => label));
  const parts: number[][] = [[]];
  for (const at of columns.keys()) {
    if (at === 0) continue;
    const last = parts.at(-1) as number[];
    const used = [0, ...last, at].reduce((sum, column) => sum + (widths[column] as number), labels);
    if (used > width && last.length > 0) parts.push([at]);
    else last.push(at);
  }
  return parts.flatMap((part, i) => {
    const shown = lines.map((line) =>
      typeof line === 'string' ? [] : [0, 1, ...part.map((at) => at + 1)].map((at) => line[at] as string),
    );
    const table = textTable(shown).map((text, at) => {
      const line = lines[at];
      return typeof line === 'string' ? line : text;
    });
    return i === 0 ? table : ['', ...table];
  });
}

function tableLines(columns: readonly (SurveyFigures & { readonly name: string })[]): TextLine[] {
  const [all] = columns;
  if (all === undefined) return [];
  const order = [...all.variables.keys()].sort((a, b) => roleOf(all, b) - roleOf(all, a) || a - b);
  return [
    ['', ...columns.map(({ name }) => cut(name))],
    ['rows', ...columns.map(({ rows }) => (rows === 0 ? FEW : count(rows)))],
    ...order.flatMap((at) => variableLines(columns.map(({ variables }) => variables[at] as VariableFigures))),
  ];
}

/** What is learned comes first. */
const roleOf = ({ variables }: SurveyFigures, at: number) =>
  variables[at]?.variable.source.of === 'targets' ? 1 : 0;

const cut = (name: string) => (name.length > MOST_LETTERS ? `${name.slice(0, MOST_LETTERS - 1)}…` : name);

function variableLines(columns: readonly VariableFigures[]): TextLine[] {
  const [all] = columns;
  if (all === undefined) return [];
  const isNumber = 'mean' in all;
  const unit = isNumber && all.variable.unit !== undefined ? ` (${all.variable.unit})` : '';
  const line = (label: string, write: (figures: VariableFigures) => string): string[] => [
    `  ${cut(label)}`,
    ...columns.map((figures) => (figures.rows === 0 ? NONE : write(figures))),
  ];
  const missing = columns.some((figures) => figures.missing > 0 || isHidden(figures, missingAt(figures)));
  return [
    `${all.variable.name}${unit}`,
    ...(isNumber
      ? [
          line('mean ± deviation', (figures) => meanText(figures as NumberFigures)),
          line('median (quartiles)', (figures) => quartilesText(figures as NumberFigures)),
        ]
      : categoryLines(columns as readonly CategoryFigures[], line)),
    ...(missing ? [line('missing', (figures) => countText(figures, [missingAt(figures)]))] : []),
  ];
}

type WriteLine = (label: string, write: (figures: VariableFigures) => string) => string[];

/** Of a column with more names, those that are the most frequent in all rows. */
const MOST_NAMES = 12;

function categoryLines(columns: readonly CategoryFigures[], line: WriteLine): string[][] {
  const [all] = columns;
  if (all === undefined) return [];
  const { names } = all.variable;
  const countOf = (cell: number) => all.counts[cell] ?? 0;
  const frequent = [...names.keys()].sort((a, b) => countOf(b) - countOf(a) || a - b);
  const rest = names.length > MOST_NAMES ? frequent.slice(MOST_NAMES - 2) : [];
  const shown = [...names.entries()].filter(([cell]) => !rest.includes(cell));
  const others = columns.some((figures) => figures.other > 0 || isHidden(figures, names.length));
  return [
    ...shown.map(([cell, name]) => line(name, (figures) => countText(figures, [cell]))),
    ...(rest.length > 0 ? [line(`${rest.length} more names`, (figures) => countText(figures, rest))] : []),
    ...(others ? [line('another one', (figures) => countText(figures, [names.length]))] : []),
  ];
}

const missingAt = ({ variable }: VariableFigures) => missingCell(variable);
const isHidden = ({ hidden }: VariableFigures, cell: number) => (hidden[cell] ?? 0) > 0;

export const FEW = 'few';
const NONE = '–';

/** "206 (68%)", "~206 (68%)" where rows of hidden cells may be among them, or "few". */
function countText(figures: VariableFigures, cells: readonly number[]): string {
  const isMissing = cells[0] === missingAt(figures);
  const known = 'other' in figures ? [...figures.counts, figures.other] : [];
  const rows = isMissing ? figures.missing : cells.reduce((sum, cell) => sum + (known[cell] ?? 0), 0);
  const hidden = cells.some((cell) => isHidden(figures, cell));
  if (rows === 0) return hidden ? FEW : '0';
  // Of categories, the part of the rows that have one.
  const of = isMissing ? figures.rows : figures.rows - figures.missing;
  return `${hidden ? '~' : ''}${count(rows)} (${wholeShare(rows / of)})`;
}

/** "53.5 ± 9.4": as many digits as two of the deviation. */
export function meanText({ mean, deviation }: Pick<NumberFigures, 'mean' | 'deviation'>): string {
  if (mean === undefined || deviation === undefined) return NONE;
  const digits = deviation === 0 ? 2 : digitsFor(deviation / 10);
  return `${written(mean, digits)} ± ${written(deviation, digits)}`;
}

/** As many digits as the bins tell. */
function quartilesText(figures: NumberFigures): string {
  const [low, middle, high] = [0.25, 0.5, 0.75].map((part) => quantileOf(figures, part));
  if (low === undefined || middle === undefined || high === undefined) return NONE;
  const [from, to] = middle.within;
  const digits = from === to ? 2 : digitsFor(to - from);
  const [a, b, c] = [low, middle, high].map(({ value }) => written(value, digits));
  return `${b} (${a}–${c})`;
}

/** After the point, for steps of this size. */
const digitsFor = (step: number) => Math.min(6, Math.max(0, -Math.floor(Math.log10(step))));

function written(value: number, digits: number): string {
  if (Math.abs(value) >= 1e7) return value.toExponential(2);
  const rounded = Number(value.toFixed(digits));
  // 0, and not −0.
  return (rounded === 0 ? 0 : rounded).toFixed(digits);
}
