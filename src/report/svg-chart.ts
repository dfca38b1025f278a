/**
 * A chart as SVG text, drawn by ECharts without a browser: no script, no network. Its colours are variables of the page's
 * style (page-style.ts), so that one drawing serves light and dark. It is drawn twice, for wide and for narrow screens, of
 * which the style shows one: text that is scaled down is not legible.
 */
import {
  BarChart,
  type BarSeriesOption,
  CustomChart,
  type CustomSeriesOption,
  LineChart,
  type LineSeriesOption,
} from 'echarts/charts';
import { GridComponent, type GridComponentOption, MarkLineComponent } from 'echarts/components';
import { type ComposeOption, init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { type Html, html, trusted } from './html.js';

use([BarChart, CustomChart, LineChart, GridComponent, MarkLineComponent, SVGRenderer]);

export type ChartOption = ComposeOption<
  BarSeriesOption | CustomSeriesOption | LineSeriesOption | GridComponentOption
>;

/** Pixels. */
export interface ChartSize {
  readonly width: number;
  readonly height: number;
}

const WIDE = 560;
const NARROW = 340;

/**
 * Both drawings of a chart.
 * @param label what who cannot see it is told
 */
export function svgChart(
  label: string,
  heightOf: (width: number) => number,
  optionOf: (size: ChartSize) => ChartOption,
): Html {
  const draw = (width: number) => {
    const size = { width, height: heightOf(width) };
    return drawn(optionOf(size), size);
  };
  return html`<div class="wide" role="img" aria-label="${label}">${draw(WIDE)}</div>
<div class="narrow" role="img" aria-label="${label}">${draw(NARROW)}</div>`;
}

function drawn(option: ChartOption, { width, height }: ChartSize): Html {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height });
  try {
    chart.setOption({ animation: false, textStyle: { fontFamily: 'inherit' }, ...option });
    return trusted(tidied(chart.renderToSVGString()));
  } finally {
    chart.dispose();
  }
}

/**
 * Without what serves a script that we have not (hover styles, marks of the data) and without clipping, which the axes make
 * needless: its ids would be another in every drawing. Quotes within texts are escaped, so only attributes match.
 */
const tidied = (svg: string) =>
  svg
    .replace(/<(style|defs)\b.*?<\/\1>\s*/gs, '')
    .replace(
      / (class|ecmeta_\w+|pointer-events|clip-path|xml:space|xmlns:xlink|version|baseProfile)="[^"]*"/g,
      '',
    )
    .replace('<svg ', '<svg aria-hidden="true" ');

/** What all axes look like. */
export const axisStyle = {
  axisLine: { lineStyle: { color: 'var(--rule)' } },
  axisTick: { lineStyle: { color: 'var(--rule)' } },
  axisLabel: { color: 'var(--quiet)', fontSize: 12 },
  splitLine: { lineStyle: { color: 'var(--rule)' } },
  nameTextStyle: { color: 'var(--quiet)', fontSize: 12 },
};

/** Series are told apart by colour and by symbol; the ninth has the first colour again. */
const COLOURS = 8;
export const symbols = ['circle', 'rect', 'triangle', 'diamond'] as const;

export const seriesColour = (index: number) => `var(--series-${(index % COLOURS) + 1})`;
export const seriesSymbol = (index: number) => symbols[index % symbols.length] ?? 'circle';

/** Room for the widest of these names, about seven pixels a character, but at most part of the chart; more is cut off. */
export const labelWidth = (names: readonly string[], width: number) =>
  Math.min(Math.max(0, ...names.map((name) => 7 * name.length + 4)), Math.max(92, width / 4));
