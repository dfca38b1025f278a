/**
 * A figure before it is drawn: the chart for the report's functions, and its numbers as a table.
 */
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
  /** What the rows are, such as "round". */
  readonly corner: string;
  readonly columns: readonly string[];
  readonly rows: readonly { readonly name: string; readonly values: readonly (number | undefined)[] }[];
}

export interface FigureData {
  readonly title: string;
  readonly caption?: string | undefined;
  /** Missing where nobody could read it: the numbers stand alone then. */
  readonly chart?: Chart | undefined;
  /** What is drawn. */
  readonly numbers: Numbers;
  readonly format: (value: number) => string;
  /** What is saved, where that is more than what is drawn. */
  readonly all?: Numbers | undefined;
}

/** The lines of a chart, a row for each place along it. */
export const numbersOfLines = ({ x, lines, levels = [] }: LineChartOptions): Numbers => ({
  corner: x.name,
  columns: [...lines, ...levels].map(({ name }) => name),
  rows: x.values.map((at, index) => ({
    name: String(at),
    values: [...lines.map(({ values }) => values[index]), ...levels.map(({ value }) => value)],
  })),
});
