/** Shows a figure in the available width, with its numbers as a table and buttons to save it. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { DrawnChart } from './charts.js';
import type { Chart, FigureData } from './figure-data.js';
import { NumbersTable } from './numbers-table.js';
import type { FileType } from './save-figure.js';

/** A large module that only figures need. */
const loading = import('./drawing.js');

const fileTypes: readonly FileType[] = ['CSV', 'SVG', 'PNG'];
const [LEAST_PIXELS, MOST_PIXELS] = [240, 900];

export function Figure({ figure }: { readonly figure: FigureData }) {
  const { title, caption, chart, numbers, format } = figure;
  return (
    <figure>
      <figcaption>
        <h3>{title}</h3>
        {caption !== undefined && <p class="quiet">{caption}</p>}
      </figcaption>
      {chart === undefined ? (
        <NumbersTable caption={title} numbers={numbers} format={format} />
      ) : (
        <>
          <ChartView chart={chart} />
          <TheNumbers figure={figure} />
        </>
      )}
      <Saves figure={figure} />
    </figure>
  );
}

function ChartView({ chart }: { readonly chart: Chart }) {
  const place = useRef<HTMLDivElement>(null);
  const width = useWidth(place);
  const [drawn, setDrawn] = useState<DrawnChart & { readonly legendMarkup: string }>();
  useEffect(() => {
    if (width === undefined) return;
    let wanted = true;
    // Each figure is drawn in its own turn of the event loop, so that the page responds in between.
    const timer = setTimeout(async () => {
      const { drawChart, legendMarkup } = await loading;
      if (!wanted) return;
      const made = drawChart(chart, width);
      setDrawn({ ...made, legendMarkup: legendMarkup(made).markup });
    });
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, [chart, width]);
  return (
    <>
      <div
        ref={place}
        class="chart"
        role="img"
        aria-label={drawn?.label ?? 'is being drawn'}
        // Drawn by the report's functions, which escape every text.
        dangerouslySetInnerHTML={{ __html: drawn?.svg.markup ?? '' }}
      />
      {drawn !== undefined && drawn.legendMarkup !== '' && (
        <ul class="legend" dangerouslySetInnerHTML={{ __html: drawn.legendMarkup }} />
      )}
    </>
  );
}

/** The available width, in pixels at the usual text size; undefined before it is known. */
function useWidth(place: { readonly current: HTMLElement | null }): number | undefined {
  const [width, setWidth] = useState<number>();
  useEffect(() => {
    const { current } = place;
    if (current === null) return;
    const measure = () => {
      const scale = Number.parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
      const room = Math.floor(current.clientWidth / scale);
      setWidth(Math.min(MOST_PIXELS, Math.max(LEAST_PIXELS, room)));
    };
    const observer = new ResizeObserver(measure);
    observer.observe(current);
    measure();
    return () => observer.disconnect();
  }, [place]);
  return width;
}

/** Made when it is opened, since there may be thousands of rows. */
function TheNumbers({ figure: { title, numbers, format } }: { readonly figure: FigureData }) {
  const [open, setOpen] = useState(false);
  return (
    <details onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>
        The numbers<span class="unseen"> of “{title}”</span>
      </summary>
      {open && <NumbersTable caption={title} numbers={numbers} format={format} />}
    </details>
  );
}

function Saves({ figure }: { readonly figure: FigureData }) {
  const [problem, setProblem] = useState<string>();
  const types = figure.chart === undefined ? fileTypes.slice(0, 1) : fileTypes;
  const save = async (type: FileType) => {
    setProblem(undefined);
    try {
      const { saveFigure } = await loading;
      await saveFigure(figure, type);
    } catch {
      setProblem(`This browser cannot make the ${type}.`);
    }
  };
  return (
    <div class="saves">
      {types.map((type) => (
        <button
          key={type}
          type="button"
          aria-label={`Save “${figure.title}” as ${type}`}
          onClick={() => save(type)}
        >
          {type}
        </button>
      ))}
      {problem !== undefined && <span role="alert">{problem}</span>}
    </div>
  );
}
