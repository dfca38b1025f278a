/** Shows the columns of a table, or arrays: what they are, and how their values are distributed. */
import { count } from '../../../report/numbers.js';
import type { ShownCategories, ShownColumn, ShownNumbers } from '../state/messages.js';
import { dayText, shortNumber } from '../state/words.js';
import { Bar } from './bar.js';

/** More columns are counted. */
const MOST_COLUMNS = 100;

export function OwnColumns({ columns }: { readonly columns: readonly ShownColumn[] }) {
  const more = columns.length - MOST_COLUMNS;
  return (
    <>
      <ul class="columns" aria-label="Your columns, and how their values are distributed">
        {columns.slice(0, MOST_COLUMNS).map((column) => (
          <li key={column.name}>
            <OwnColumn column={column} />
          </li>
        ))}
      </ul>
      {more > 0 && <p class="quiet">And {count(more)} more columns.</p>}
    </>
  );
}

function OwnColumn({ column }: { readonly column: ShownColumn }) {
  const { name, text, isTarget, values, missing, distribution } = column;
  return (
    <>
      <h3>
        {name} <span class="quiet">{text}</span>
      </h3>
      {isTarget && <p class="learned">This is learned.</p>}
      {missing > 0 && (
        <p class={2 * missing > values ? 'wrong' : 'quiet'}>
          missing in {count(missing)} of {count(values)}
        </p>
      )}
      {distribution?.kind === 'numbers' && missing < values && <Histogram numbers={distribution} />}
      {distribution?.kind === 'categories' && missing < values && <Counts categories={distribution} />}
    </>
  );
}

const HEIGHT = 40;

function Histogram({ numbers }: { readonly numbers: ShownNumbers }) {
  const { counts, low, high, mean, beyond, areDays } = numbers;
  const most = Math.max(1, ...counts);
  const written = areDays ? dayText : shortNumber;
  const width = 100 / counts.length;
  return (
    <figure class="histogram">
      <svg viewBox={`0 0 100 ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
        {counts.map((bin, at) => {
          const height = bin === 0 ? 0 : Math.max(1, (HEIGHT * bin) / most);
          return <rect key={at} x={at * width} y={HEIGHT - height} width={0.9 * width} height={height} />;
        })}
      </svg>
      <figcaption>
        <span>{written(low)}</span>
        {mean !== undefined && <span>mean {written(mean)}</span>}
        <span>{written(high)}</span>
      </figcaption>
      {beyond > 0 && <p class="wrong">{count(beyond)} beyond this range</p>}
    </figure>
  );
}

function Counts({ categories }: { readonly categories: ShownCategories }) {
  const { names, counts, other, rest } = categories;
  const rows = [
    ...names.map((name, at) => ({ name, count: counts[at] ?? 0 })),
    ...(rest === undefined ? [] : [{ name: `${rest.names} more names`, count: rest.count }]),
    ...(other === 0 ? [] : [{ name: 'another one', count: other }]),
  ];
  const most = Math.max(1, ...rows.map((row) => row.count));
  return (
    <table class="bars">
      <thead class="unseen">
        <tr>
          <th scope="col">category</th>
          <th scope="col">rows</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.name}>
            <th scope="row">{row.name}</th>
            <td>
              <Bar part={row.count / most}>{count(row.count)}</Bar>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
