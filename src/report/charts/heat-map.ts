/** A heat map: a matrix in shades of one colour, with its numbers if the cells have room. */

import { type Html, html } from '../html.js';
import type { CustomSeriesOption } from './echarts.js';
import {
  axisStyle,
  type ChartOption,
  type ChartSize,
  type Drawing,
  labelWidth,
  svgChart,
} from './svg-chart.js';

export interface HeatMapOptions {
  readonly title: string;
  readonly caption?: string | undefined;
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  /** The titles of the axes, such as "label" and "prediction". */
  readonly axes?: readonly [rows: string, columns: string];
  /** [row][column]; undefined stays empty. */
  readonly values: readonly (readonly (number | undefined)[])[];
  readonly format: (value: number) => string;
  /** In pixels; by default it follows from the number of columns. */
  readonly rowHeight?: number | undefined;
  /** How dark a cell is, from 0 to 1; below 0 in the other colour. */
  readonly shade: (value: number, row: number, column: number) => number;
}

/** The height in pixels that the label of a row needs. If rows are lower, not all have a label. */
const ROW_LABEL = 13;

/**
 * From this shade on, the text has the colour for dark cells. On both sides its contrast is above
 * 4.5.
 */
export const DARK = 0.8;

export function heatMap(options: HeatMapOptions): Html {
  const { title, caption } = options;
  return html`<figure>
<figcaption><strong>${title}</strong>${caption === undefined ? undefined : html` <span>${caption}</span>`}</figcaption>
${svgChart(heatDrawing(options))}
</figure>`;
}

export const heatDrawing = (options: HeatMapOptions): Drawing => ({
  label: `${options.title}: ${options.rows.length} rows, ${options.columns.length} columns`,
  heightOf(width) {
    const { top, bottom } = marginsOf(options, width);
    return top + bottom + options.rows.length * cellHeight(options, width);
  },
  optionOf: (size) => optionOf(options, size),
});

/** Labels at the top are rotated if they are wider than their column. */
function marginsOf({ rows, columns, axes }: HeatMapOptions, width: number) {
  const title = axes === undefined ? 8 : 26;
  const left = labelWidth(rows, width) + title;
  const turned = labelWidth(columns, Infinity) > (width - left) / columns.length;
  const top = (turned ? labelWidth(columns, width) : 16) + title;
  return { left, right: 2, top, bottom: 2, turned };
}

/** Cells are square if there are many columns, and flat if there are few. */
function cellHeight({ columns, rowHeight }: HeatMapOptions, width: number): number {
  if (rowHeight !== undefined) return rowHeight;
  return Math.max(4, Math.min(32, Math.round(width / (columns.length + 3))));
}

function optionOf(options: HeatMapOptions, { width }: ChartSize): ChartOption {
  const { rows, columns, axes } = options;
  const { turned, ...grid } = marginsOf(options, width);
  const label = (names: readonly string[]) => ({
    ...axisStyle.axisLabel,
    width: labelWidth(names, width),
    overflow: 'truncate' as const,
  });
  const bare = { axisLine: { show: false }, axisTick: { show: false }, splitLine: { show: false } };
  const [rowsAre, columnsAre] = axes ?? [];
  const cell = (width - grid.left) / columns.length;
  return {
    grid: { ...grid, outerBoundsMode: 'none' },
    xAxis: {
      ...axisStyle,
      ...bare,
      type: 'category',
      position: 'top',
      data: [...columns],
      axisLabel: { ...label(columns), ...(turned && { rotate: 90 }), ...(cell > 12 && { interval: 0 }) },
      name: columnsAre,
      nameLocation: 'middle',
      nameGap: grid.top - 14,
    },
    yAxis: {
      ...axisStyle,
      ...bare,
      type: 'category',
      inverse: true,
      data: [...rows],
      axisLabel: { ...label(rows), interval: Math.ceil(ROW_LABEL / cellHeight(options, width)) - 1 },
      name: rowsAre,
      nameLocation: 'middle',
      nameGap: grid.left - 14,
    },
    series: [cells(options)],
  };
}

function cells({ values, shade, format }: HeatMapOptions): CustomSeriesOption {
  const data = values.flatMap((row, y) =>
    row.flatMap((value, x) => (value === undefined ? [] : [{ x, y, value }])),
  );
  // Either all cells show their numbers, in one size, or none does.
  const longest = Math.max(0, ...data.map(({ value }) => format(value).length));
  return {
    type: 'custom',
    silent: true,
    data: data.map(({ x, y }) => [x, y]),
    renderItem: ({ dataIndex }, api) => {
      const { x, y, value } = data[dataIndex] ?? { x: 0, y: 0, value: 0 };
      const [centreX = 0, centreY = 0] = api.coord([x, y]);
      const [width = 0, height = 0] = [api.size?.([1, 1])].flat(2) as number[];
      const shaded = shade(value, y, x);
      const dark = Math.min(1, Math.abs(shaded));
      const text = format(value);
      const fontSize = Math.min(12, (width - 2) / (0.6 * longest), height - 3);
      const gap = width > 12 ? 1 : 0;
      return {
        type: 'rect',
        shape: {
          x: centreX - width / 2 + gap / 2,
          y: centreY - height / 2 + gap / 2,
          width: width - gap,
          height: height - gap,
        },
        style: { fill: shaded < 0 ? 'var(--heat-below)' : 'var(--heat)', opacity: dark },
        textConfig: { position: 'inside' },
        ...(fontSize >= 7 && {
          textContent: {
            type: 'text',
            style: {
              text,
              fontSize,
              fontFamily: 'inherit',
              fill: dark >= DARK ? 'var(--on-heat)' : 'var(--on-light)',
            },
          },
        }),
      };
    },
  };
}
