/** Numbers as a table, which scrolls within the page if it is wider. */

import { Scroll } from '../../common/scroll.js';
import type { Numbers } from './figure-data.js';

export interface NumbersTableProps {
  readonly caption: string;
  readonly numbers: Numbers;
  readonly format: (value: number) => string;
}

export function NumbersTable({ caption, numbers, format }: NumbersTableProps) {
  const { corner, columns, rows } = numbers;
  return (
    <Scroll label={`The numbers of ${caption}`}>
      <table>
        <caption class="unseen">{caption}</caption>
        <thead>
          <tr>
            <th scope="col">{corner}</th>
            {columns.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ name, values, format: own = format }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              {values.map((value, column) => (
                <td key={columns[column]}>{value === undefined ? '–' : own(value)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}
