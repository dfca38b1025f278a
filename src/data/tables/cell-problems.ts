/**
 * What is wrong with the cells of a table: of each kind of problem in a column the first place, and
 * how often. Errors refuse the table, notices are said.
 */
import { listed } from '../../base/excerpt.js';
import { DataError } from '../error.js';

interface FoundProblem {
  readonly column: string;
  readonly line: number;
  readonly expected: string;
  readonly got: string;
  readonly hint?: string | undefined;
  times: number;
}

export interface CellProblem {
  readonly column: string;
  readonly expected: string;
  readonly got: string;
  readonly hint?: string | undefined;
}

const MOST_LISTED = 5;
const MOST_CHARACTERS = 40;

export class CellProblems {
  readonly #found = new Map<string, FoundProblem>();
  /** The line of the record that is read, or its number in a file without lines. */
  line = 0;

  readonly #file: string;
  readonly #place: 'line' | 'row';

  /** @param place "line" of a text, "row" of other files */
  constructor(file: string, place: 'line' | 'row' = 'line') {
    this.#file = file;
    this.#place = place;
  }

  add({ column, expected, got, hint }: CellProblem): void {
    const key = `${column}\n${expected}`;
    const found = this.#found.get(key);
    if (found !== undefined) found.times++;
    else this.#found.set(key, { column, line: this.line, expected, got: shortened(got), hint, times: 1 });
  }

  /** @throws DataError with one clause for each problem, if there are any */
  refuse(): void {
    // Cells are read column by column; what is said goes by line.
    const found = [...this.#found.values()].sort((a, b) => a.line - b.line);
    if (found.length === 0) return;
    const clauses = found.map((problem) => this.#clause(problem));
    const hint = found.find((problem) => problem.hint !== undefined)?.hint;
    throw new DataError(
      `data: "${this.#file}", ${listed(clauses, MOST_LISTED)}`,
      hint === undefined ? {} : { hint },
    );
  }

  #clause({ column, line, expected, got, times }: FoundProblem): string {
    const more = times === 1 ? '' : ` (and ${times - 1} more such cells)`;
    return `${this.#place} ${line}, column "${column}": expected ${expected}, got ${JSON.stringify(got)}${more}`;
  }
}

const shortened = (text: string) =>
  text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text;
