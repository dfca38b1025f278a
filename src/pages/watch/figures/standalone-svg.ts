/** Makes a chart a file, with title, legend and background, in the page's present colours. */
import { type Html, html, trusted } from '../../../report/html.js';
import { wrapped } from '../../../report/text-table.js';
import type { DrawnChart } from './charts.js';

export interface StandaloneParts {
  readonly title: string;
  readonly caption?: string | undefined;
  readonly chart: DrawnChart;
  /** The colour of a variable such as "--ink". */
  colourOf(variable: string): string;
}

const MARGIN = 16;
const TITLE_LINE = 22;
const LINE = 18;
/** The approximate width of a letter in pixels, since nothing here can measure text. */
const TITLE_LETTER = 8.5;
const LETTER = 6.6;
const MARK = 34;
const GAP = 18;

export function standaloneSvg({ title, caption, chart, colourOf }: StandaloneParts): string {
  const inner = chart.width;
  const titles = wrapped(title, Math.floor(inner / TITLE_LETTER)).split('\n');
  const captions = caption === undefined ? [] : wrapped(caption, Math.floor(inner / LETTER)).split('\n');
  const chartTop = MARGIN + titles.length * TITLE_LINE + captions.length * LINE + 8;
  const legend = legendPlaces(chart, inner);
  const legendTop = chartTop + chart.height + 10;
  const height = legendTop + legend.height + MARGIN;
  const width = inner + 2 * MARGIN;
  const text = (line: string, y: number, style: Html) =>
    html`<text x="${MARGIN}" y="${y}" ${style}>${line}</text>\n`;
  const { markup } =
    html`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif">
<title>${title}</title>
<rect width="${width}" height="${height}" fill="var(--ground)"/>
${titles.map((line, index) => text(line, MARGIN + 15 + index * TITLE_LINE, trusted('font-size="16" font-weight="600" fill="var(--ink)"')))}${captions.map(
  (line, index) =>
    text(
      line,
      MARGIN + 11 + titles.length * TITLE_LINE + index * LINE,
      trusted('font-size="13" fill="var(--quiet)"'),
    ),
)}${placed(chart.svg, MARGIN, chartTop)}
${chart.legend.map(({ name, mark }, index) => {
  const { x = 0, y = 0 } = legend.places[index] ?? {};
  return html`${placed(mark, MARGIN + x, legendTop + y)}<text x="${MARGIN + x + MARK}" y="${legendTop + y + 11}" font-size="13" fill="var(--ink)">${name}</text>\n`;
})}</svg>
`;
  return markup.replace(/var\((--[\w-]+)\)/g, (_, variable: string) => colourOf(variable));
}

/** Places an SVG within another. */
const placed = ({ markup }: Html, x: number, y: number): Html =>
  trusted(markup.replace('<svg ', `<svg x="${x}" y="${y}" `));

function legendPlaces({ legend }: DrawnChart, width: number) {
  let [x, y] = [0, 0];
  const places = legend.map(({ name }) => {
    const wide = MARK + LETTER * name.length;
    if (x > 0 && x + wide > width) [x, y] = [0, y + LINE + 2];
    const place = { x, y };
    x += wide + GAP;
    return place;
  });
  return { places, height: legend.length === 0 ? 0 : y + LINE };
}
