/** A figure before it is drawn: the options of its chart, and its numbers as a table. */
import type { BarChartOptions } from '../../../report/charts/bar-chart.js';
import type { HeatMapOptions } from '../../../report/charts/heat-map.js';
import type { LineChartOptions } from '../../../report/charts/line-chart.js';

export interface ChartOptions {
  readonly line: LineChartOptions;
  readonly heat: HeatMapOptions;
  readonly bar: BarChartOptions;
}

export type Chart<Kind extends keyof ChartOptions = keyof ChartOptions> = {
  readonly [Each in Kind]: { readonly kind: Each; readonly options: ChartOptions[Each] };
}[Kind];

export interface Numbers {
  /** The title of the rows, such as "round". */
  readonly corner: string;
  readonly columns: readonly string[];
  readonly rows: readonly NumbersRow[];
}

interface NumbersRow {
  readonly name: string;
  readonly values: readonly (number | undefined)[];
  /** How its numbers are written, where rows differ. */
  readonly format?: (value: number) => string;
}

export interface FigureData {
  readonly title: string;
  readonly caption?: string | undefined;
  /** Undefined if the chart would not be readable; then only the numbers are shown. */
  readonly chart?: Chart | undefined;
  /** The numbers that are drawn. */
  readonly numbers: Numbers;
  readonly format: (value: number) => string;
  /** The numbers that are saved, if they are more than those that are drawn. */
  readonly all?: Numbers | undefined;
}

/** The numbers of a line chart, with a row for each value of `x`. */
export const numbersOfLines = ({ x, lines, levels = [] }: LineChartOptions): Numbers => ({
  corner: x.name,
  columns: [...lines, ...levels].map(({ name }) => name),
  rows: x.values.map((at, index) => ({
    name: String(at),
    values: [...lines.map(({ values }) => values[index]), ...levels.map(({ value }) => value)],
  })),
});
