/**
 * A legend says which line or bar is which. It is HTML below a chart, so that it wraps with the
 * page and is read aloud.
 */
import { type Html, html } from '../html.js';
import { seriesColour, seriesSymbol, type symbols } from './svg-chart.js';

export type Stroke = 'solid' | 'dashed' | 'dotted';

export interface LegendEntry {
  readonly name: string;
  readonly stroke?: Stroke | undefined;
  /**
   * Its place among the series. Without it, the line has the colour of text, as a reference does.
   */
  readonly series?: number | undefined;
}

export const dashes: Readonly<Record<Stroke, number[]>> = { solid: [], dashed: [6, 4], dotted: [2, 3] };

const shapes: Readonly<Record<(typeof symbols)[number], Html>> = {
  circle: html`<circle cx="14" cy="7" r="4"/>`,
  rect: html`<rect x="10" y="3" width="8" height="8"/>`,
  triangle: html`<path d="M14 2 L18.5 11 L9.5 11 Z"/>`,
  diamond: html`<path d="M14 2 L19 7 L14 12 L9 7 Z"/>`,
};

/** The mark of a line or a bar, in its drawn style. */
export const lineMark = ({ stroke = 'solid', series }: LegendEntry): Html =>
  html`<svg aria-hidden="true" width="28" height="14" color="${series === undefined ? 'var(--quiet)' : seriesColour(series)}"><line x1="0" y1="7" x2="28" y2="7" stroke="currentColor" stroke-width="2" stroke-dasharray="${dashes[stroke].join(' ')}"/>${series === undefined ? undefined : html`<g fill="currentColor">${shapes[seriesSymbol(series)]}</g>`}</svg>`;

export const barMark = (series: number): Html =>
  html`<svg aria-hidden="true" width="14" height="14" color="${seriesColour(series)}"><rect width="14" height="14" fill="currentColor"/></svg>`;

export const lineLegend = (entries: readonly LegendEntry[]): Html =>
  html`<ul class="legend">${entries.map((entry) => html`<li>${lineMark(entry)} ${entry.name}</li>`)}</ul>`;

export const barLegend = (names: readonly string[]): Html =>
  html`<ul class="legend">${names.map((name, series) => html`<li>${barMark(series)} ${name}</li>`)}</ul>`;
