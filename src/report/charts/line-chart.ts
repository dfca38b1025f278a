/**
 * A line chart: numbers by round (or megabytes, or steps), with one line for each series, and a
 * band if a line stands for several.
 */

import { type Html, html } from '../html.js';
import type { CustomSeriesOption } from './echarts.js';
import { dashes, type LegendEntry, lineLegend, type Stroke } from './legend.js';
import {
  axisStyle,
  type ChartOption,
  type Drawing,
  seriesColour,
  seriesSymbol,
  svgChart,
} from './svg-chart.js';

export interface Line {
  readonly name: string;
  /** As long as `x`; undefined where there is no value. */
  readonly values: readonly (number | undefined)[];
  /** From the lowest to the highest of the series that the line stands for. */
  readonly band?: readonly (readonly [low: number, high: number] | undefined)[];
  readonly stroke?: Stroke;
  /** Its place among the colours; by default its place among the lines. */
  readonly series?: number;
}

export interface LineChartOptions {
  readonly title: string;
  /** One sentence below the title. */
  readonly caption?: string | undefined;
  readonly x: { readonly name: string; readonly values: readonly number[]; readonly whole?: boolean };
  readonly format: (value: number) => string;
  readonly lines: readonly Line[];
  /** Horizontal lines across the chart. */
  readonly levels?: readonly { readonly name: string; readonly value: number }[];
}

/** With more points, symbols would cover the line. */
const MOST_SYMBOLS = 25;

export function lineChart(options: LineChartOptions): Html {
  const { title, caption } = options;
  return html`<figure>
<figcaption><strong>${title}</strong>${caption === undefined ? undefined : html` <span>${caption}</span>`}</figcaption>
${svgChart(lineDrawing(options))}
${lineLegend(lineEntries(options))}
</figure>`;
}

export const lineDrawing = (options: LineChartOptions): Drawing => ({
  label: `${options.title}, by ${options.x.name}: ${options.lines.map(({ name }) => name).join(', ')}`,
  heightOf,
  optionOf: () => optionOf(options),
});

export const lineEntries = ({ lines, levels = [] }: LineChartOptions): LegendEntry[] => [
  ...lines.map(({ name, stroke, series }, index) => ({ name, stroke, series: series ?? index })),
  ...levels.map(({ name }) => ({ name, stroke: 'dotted' as const })),
];

const heightOf = (width: number) => (width > 400 ? 300 : 240);

/**
 * Without the places where no line has a value, as in rounds that were not evaluated: these are no
 * gaps.
 */
function measuredOf({ x, lines }: LineChartOptions) {
  const places = [...x.values.keys()].filter((at) => lines.some(({ values }) => values[at] !== undefined));
  return {
    at: places.map((place) => x.values[place] as number),
    lines: lines.map(({ values, band, ...line }) => ({
      ...line,
      values: places.map((place) => values[place]),
      ...(band && { band: places.map((place) => band[place]) }),
    })),
  };
}

function optionOf({ levels = [], ...options }: LineChartOptions): ChartOption {
  const { x, format } = options;
  const { at, lines } = measuredOf(options);
  const [first = 0, last = 1] = [Math.min(...x.values), Math.max(...x.values)];
  const alone = first === last;
  return {
    grid: { left: 6, right: 16, top: 12, bottom: 24 },
    xAxis: {
      ...axisStyle,
      type: 'value',
      name: x.name,
      nameLocation: 'middle',
      nameGap: 24,
      min: alone ? first - 1 : first,
      max: alone ? last + 1 : last,
      ...(x.whole && { minInterval: 1 }),
      splitLine: { show: false },
      axisLine: { ...axisStyle.axisLine, onZero: false },
      axisLabel: {
        ...axisStyle.axisLabel,
        hideOverlap: true,
        ...(alone && { formatter: (value: number) => (value === first ? String(first) : '') }),
      },
    },
    yAxis: {
      ...axisStyle,
      type: 'value',
      scale: true,
      axisLabel: { ...axisStyle.axisLabel, formatter: format },
      axisLine: { show: false },
      axisTick: { show: false },
    },
    series: [
      ...lines.flatMap((line, index) => bandSeries(line, at, line.series ?? index)),
      ...lines.map((line, index) => {
        const place = line.series ?? index;
        return {
          type: 'line' as const,
          data: at.map((place, i) => [place, line.values[i] ?? '-']),
          silent: true,
          symbol: seriesSymbol(place),
          symbolSize: 7,
          showSymbol: at.length <= MOST_SYMBOLS,
          itemStyle: { color: seriesColour(place) },
          lineStyle: { color: seriesColour(place), width: 2, type: dashes[line.stroke ?? 'solid'] },
        };
      }),
      {
        type: 'line',
        data: extremes(lines, levels).map((value) => [first, value]),
        silent: true,
        symbol: 'none',
        lineStyle: { color: 'none' },
        markLine: {
          silent: true,
          symbol: 'none',
          label: { show: false },
          lineStyle: { color: 'var(--quiet)', width: 1.5, type: dashes.dotted },
          data: levels.map(({ value }) => ({ yAxis: value })),
        },
      },
    ],
  };
}

/**
 * Numbers that the axis must include: it follows data only, so levels and bands are passed to it as
 * data. Almost equal numbers get room below, so that the labels differ and an axis of accuracies
 * does not go beyond 100%.
 */
function extremes(lines: readonly Line[], levels: readonly { value: number }[]): number[] {
  const numbers = [
    ...lines.flatMap(({ values, band = [] }) => [...values, ...band.flatMap((pair) => pair ?? [])]),
    ...levels.map(({ value }) => value),
  ].filter((value) => value !== undefined);
  if (numbers.length === 0) return [];
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
  return [Math.min(low, high - Math.abs(high) / 50), high];
}

/** One polygon for each stretch without a gap. */
function bandSeries({ band }: Line, x: readonly number[], place: number): CustomSeriesOption[] {
  if (band === undefined) return [];
  const stretches: (readonly [x: number, low: number, high: number])[][] = [[]];
  band.forEach((pair, i) => {
    if (pair === undefined) stretches.push([]);
    else stretches.at(-1)?.push([x[i] ?? 0, ...pair]);
  });
  return stretches
    .filter((stretch) => stretch.length > 0)
    .map((stretch) => ({
      type: 'custom',
      // One item, inside the band, since the axis follows it.
      data: [stretch[0]?.slice(0, 2) ?? []],
      silent: true,
      renderItem: (_, api) => ({
        type: 'polygon',
        shape: {
          points: [
            ...stretch.map(([at, , high]) => api.coord([at, high])),
            ...stretch.toReversed().map(([at, low]) => api.coord([at, low])),
          ],
        },
        style: { fill: seriesColour(place), opacity: 0.16 },
      }),
    }));
}
