/**
 * Draws charts with the report's functions. The module is large, so it is loaded after the page.
 */
import { barDrawing } from '../../../report/charts/bar-chart.js';
import { heatDrawing } from '../../../report/charts/heat-map.js';
import { barMark, lineMark } from '../../../report/charts/legend.js';
import { lineDrawing, lineEntries } from '../../../report/charts/line-chart.js';
import { type Drawing, drawn } from '../../../report/charts/svg-chart.js';
import { type Html, html } from '../../../report/html.js';
import type { Chart, ChartOptions } from './figure-data.js';

interface LegendItem {
  readonly name: string;
  /** An SVG. */
  readonly mark: Html;
}

export interface DrawnChart {
  readonly label: string;
  readonly width: number;
  readonly height: number;
  readonly svg: Html;
  readonly legend: readonly LegendItem[];
}

type Table<Made> = { readonly [Kind in keyof ChartOptions]: (options: ChartOptions[Kind]) => Made };

const drawings: Table<Drawing> = { line: lineDrawing, heat: heatDrawing, bar: barDrawing };

const legends: Table<readonly LegendItem[]> = {
  line: (options) => lineEntries(options).map((entry) => ({ name: entry.name, mark: lineMark(entry) })),
  heat: () => [],
  bar: ({ series }) => series.map(({ name }, index) => ({ name, mark: barMark(index) })),
};

/** @param width in pixels */
export function drawChart<Kind extends keyof ChartOptions>(
  { kind, options }: Chart<Kind>,
  width: number,
): DrawnChart {
  const drawing = drawings[kind](options);
  return {
    label: drawing.label,
    width,
    height: drawing.heightOf(width),
    svg: drawn(drawing, width),
    legend: legends[kind](options),
  };
}

export const legendMarkup = ({ legend }: DrawnChart): Html =>
  html`${legend.map(({ name, mark }) => html`<li>${mark} ${name}</li>`)}`;
