/**
 * Draws a chart as SVG text by ECharts, without a browser, script or network. Its colours are
 * variables of the page's style (page-style.ts), so one drawing serves light and dark. It is drawn
 * twice, for wide and for narrow screens, and the style shows one of them, since scaled-down text
 * is not legible.
 */

import { type Html, html, trusted } from '../html.js';
import {
  BarChart,
  type BarSeriesOption,
  type ComposeOption,
  CustomChart,
  type CustomSeriesOption,
  GridComponent,
  type GridComponentOption,
  init,
  LineChart,
  type LineSeriesOption,
  MarkLineComponent,
  SVGRenderer,
  use,
} from './echarts.js';

use([BarChart, CustomChart, LineChart, GridComponent, MarkLineComponent, SVGRenderer]);

export type ChartOption = ComposeOption<
  BarSeriesOption | CustomSeriesOption | LineSeriesOption | GridComponentOption
>;

/** In pixels. */
export interface ChartSize {
  readonly width: number;
  readonly height: number;
}

const WIDE = 560;
const NARROW = 340;

/** A chart, for any width. */
export interface Drawing {
  /** The text for a screen reader. */
  readonly label: string;
  heightOf(width: number): number;
  optionOf(size: ChartSize): ChartOption;
}

/** Both drawings of a chart. */
export const svgChart = (drawing: Drawing): Html =>
  html`<div class="wide" role="img" aria-label="${drawing.label}">${drawn(drawing, WIDE)}</div>
<div class="narrow" role="img" aria-label="${drawing.label}">${drawn(drawing, NARROW)}</div>`;

export function drawn({ heightOf, optionOf }: Drawing, width: number): Html {
  const height = heightOf(width);
  const option = optionOf({ width, height });
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height });
  try {
    chart.setOption({ animation: false, textStyle: { fontFamily: 'inherit' }, ...option });
    return trusted(tidied(chart.renderToSVGString()));
  } finally {
    chart.dispose();
  }
}

/**
 * Removes parts that only a script needs (hover styles, marks of the data), and clipping, which the
 * axes make unnecessary and whose ids differ in every drawing. Styles become attributes, which are
 * allowed in a page whose policy forbids inline styles. Quotes within texts are escaped, so only
 * attributes match.
 */
const tidied = (svg: string) =>
  svg
    .replace(/<(style|defs)\b.*?<\/\1>\s*/gs, '')
    .replace(
      / (class|ecmeta_\w+|pointer-events|clip-path|xml:space|xmlns:xlink|version|baseProfile)="[^"]*"/g,
      '',
    )
    .replace(/ style="([^"]*)"/g, (_, style: string) =>
      style.replace(/([\w-]+):([^;]*);?/g, (_, name: string, value: string) => ` ${name}="${value}"`),
    )
    .replace('<svg ', '<svg aria-hidden="true" ');

/** The style of all axes. */
export const axisStyle = {
  axisLine: { lineStyle: { color: 'var(--rule)' } },
  axisTick: { lineStyle: { color: 'var(--rule)' } },
  axisLabel: { color: 'var(--quiet)', fontSize: 12 },
  splitLine: { lineStyle: { color: 'var(--rule)' } },
  nameTextStyle: { color: 'var(--quiet)', fontSize: 12 },
};

/**
 * The number of colours. Series differ by colour and symbol; the ninth has the first colour again.
 */
const COLOURS = 8;
export const symbols = ['circle', 'rect', 'triangle', 'diamond'] as const;

export const seriesColour = (index: number) => `var(--series-${(index % COLOURS) + 1})`;
export const seriesSymbol = (index: number) => symbols[index % symbols.length] ?? 'circle';

/**
 * The width for the longest of these names, about seven pixels for each character, but at most a
 * part of the chart. Longer names are cut off.
 */
export const labelWidth = (names: readonly string[], width: number) =>
  Math.min(Math.max(0, ...names.map((name) => 7 * name.length + 4)), Math.max(92, width / 4));
