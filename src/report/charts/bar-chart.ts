/** A bar chart: numbers by name, with the bars of all series side by side. */
import { type Html, html } from '../html.js';
import { barLegend } from './legend.js';
import {
  axisStyle,
  type ChartOption,
  type ChartSize,
  type Drawing,
  labelWidth,
  seriesColour,
  svgChart,
} from './svg-chart.js';

export interface BarChartOptions {
  readonly title: string;
  readonly caption?: string | undefined;
  readonly names: readonly string[];
  readonly format: (value: number) => string;
  readonly series: readonly { readonly name: string; readonly values: readonly (number | undefined)[] }[];
}

export function barChart(options: BarChartOptions): Html {
  const { title, caption, series } = options;
  return html`<figure>
<figcaption><strong>${title}</strong>${caption === undefined ? undefined : html` <span>${caption}</span>`}</figcaption>
${svgChart(barDrawing(options))}
${barLegend(series.map(({ name }) => name))}
</figure>`;
}

export const barDrawing = (options: BarChartOptions): Drawing => ({
  label: `${options.title}: ${options.series.map(({ name }) => name).join(', ')}`,
  // The bars are horizontal, so that names of any length fit beside them, on narrow screens too.
  heightOf: () => 40 + options.names.length * Math.max(18, 9 * options.series.length + 8),
  optionOf: (size) => optionOf(options, size),
});

function optionOf({ names, format, series }: BarChartOptions, { width }: ChartSize): ChartOption {
  const left = labelWidth(names, width);
  return {
    grid: { left: left + 8, right: 22, top: 4, bottom: 26, outerBoundsMode: 'none' },
    xAxis: {
      ...axisStyle,
      type: 'value',
      axisLabel: { ...axisStyle.axisLabel, formatter: format, hideOverlap: true },
    },
    yAxis: {
      ...axisStyle,
      type: 'category',
      inverse: true,
      data: [...names],
      axisTick: { show: false },
      axisLabel: { ...axisStyle.axisLabel, interval: 0, width: left, overflow: 'truncate' },
    },
    series: series.map(({ values }, index) => ({
      type: 'bar',
      silent: true,
      data: values.map((value) => value ?? '-'),
      barMaxWidth: 10,
      barGap: '10%',
      itemStyle: { color: seriesColour(index) },
    })),
  };
}
