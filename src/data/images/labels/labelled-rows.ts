/** Gives each picture its label from a table: a class, or 0 or 1 for each of several labels. */
import { canonicalName } from '../../../base/names.js';
import { nearestName } from '../../../base/nearest-name.js';
import { DataError } from '../../error.js';
import type { LabelSpec, LabelTarget } from './label-settings.js';
import { columnPlace, type LabelRow, type LabelTable } from './label-table.js';
import { type FindPicture, pictureFinder, SEVERAL } from './picture-names.js';

export interface LabelsOfPictures {
  /** By the paths of pictures: a class, or a number for each label. */
  readonly labels: ReadonlyMap<string, string | Uint8Array>;
  /** Rows without a picture, pictures without a row, and cells that are no labels. */
  readonly problems: readonly DataError[];
}

/**
 * @param paths of all pictures, within the folder
 * @param used those that need a label
 * @throws DataError when the table lacks a column, or it cannot be found which one is meant
 */
export function labelPictures(
  table: LabelTable,
  spec: LabelSpec,
  paths: readonly string[],
  used = paths,
): LabelsOfPictures {
  const find = pictureFinder(paths);
  const picture = pictureColumn(table, spec, find);
  const read = labelReader(table, spec.target, picture);
  const labels = new Map<string, string | Uint8Array>();
  const problems: DataError[] = [];
  const firsts = new Map<string, number>();
  const broken = new Set<string>();
  for (const row of table.rows) {
    const complain = (what: string, hint?: string) => {
      problems.push(
        new DataError(`data: "${table.file}", line ${row.line}: ${what}`, hint === undefined ? {} : { hint }),
      );
    };
    const name = row.cells[picture] as string;
    const path = find(name);
    if (path === undefined || path === SEVERAL) {
      complain(
        path === undefined ? `"${name}" is not in the folder` : `several pictures are called "${name}"`,
        path === undefined ? 'add the picture, or remove the line' : 'write its path from the folder',
      );
      continue;
    }
    const label = read(row);
    if (typeof label === 'object' && 'expected' in label) {
      complain(`"${name}" has ${label.got}, expected ${label.expected}`, label.hint);
      broken.add(path);
      continue;
    }
    const before = labels.get(path);
    if (before === undefined) firsts.set(path, row.line);
    else if (String(before) !== String(label)) {
      complain(`"${name}" has another label than on line ${firsts.get(path)}`, 'remove one of the lines');
    }
    labels.set(path, before ?? label);
  }
  const without = used.filter((path) => !labels.has(path) && !broken.has(path));
  const hint = 'add a line for it, or move it out of the folder';
  const missing = without.map(
    (path) => new DataError(`data: "${path}" has no label in "${table.file}"`, { hint }),
  );
  return { labels, problems: [...problems, ...missing] };
}

/** The column whose cells are mostly pictures, unless one is named. */
function pictureColumn(table: LabelTable, { picture }: LabelSpec, find: FindPicture): number {
  if (picture !== undefined) return columnPlace(table, picture);
  const { file, header, rows } = table;
  const counts = header.map((_, at) => rows.filter(({ cells }) => find(cells[at] as string)).length);
  const most = Math.max(...counts);
  if (most > 0) return counts.indexOf(most);
  const [example = ''] = rows[0]?.cells ?? [];
  throw new DataError(
    `data: "${file}" names no picture of the folder in any of its columns ${header.join(', ')}, expected the file names of pictures; the first cell is "${example}"`,
    { hint: 'write them as they are in the folder, such as cat/1.jpg' },
  );
}

/** What a table of classes usually calls them. */
const CLASS_COLUMN = /^(class|label|category|target|diagnosis|species)(es|s)?(_?name)?$/i;

function classColumn({ file, header }: LabelTable, picture: number): number {
  const others = [...header.keys()].filter((at) => at !== picture);
  const called = others.filter((at) => CLASS_COLUMN.test(header[at] as string));
  const [found, ...more] = others.length === 1 ? others : called;
  if (found !== undefined && more.length === 0) return found;
  const names = others.map((at) => header[at]).join(', ') || 'none';
  throw new DataError(
    `data: "${file}" has the columns ${names} beside that of the pictures, expected one that is the class`,
    {
      hint: `say which: data: { kind: pictures, labels: { file: ${file}, class: COLUMN } }; several labels by columns: [...]`,
    },
  );
}

interface WrongLabel {
  readonly got: string;
  readonly expected: string;
  readonly hint?: string | undefined;
}

type ReadLabel = (row: LabelRow) => string | Uint8Array | WrongLabel;

function labelReader(table: LabelTable, target: LabelTarget, picture: number): ReadLabel {
  switch (target.kind) {
    case 'class': {
      const place =
        target.column === undefined ? classColumn(table, picture) : columnPlace(table, target.column);
      return ({ cells }) =>
        canonicalName(cells[place] as string) || { got: 'an empty cell', expected: 'its class' };
    }
    case 'columns': {
      const places = target.columns.map((name) => columnPlace(table, name));
      return ({ cells }) => {
        const values = places.map((place) => ZERO_OR_ONE[(cells[place] as string).toLowerCase()]);
        const wrong = values.indexOf(undefined);
        if (wrong < 0) return Uint8Array.from(values as number[]);
        return {
          got: `"${cells[places[wrong] as number]}" in "${target.columns[wrong]}"`,
          expected: '0 or 1',
        };
      };
    }
    case 'list': {
      const place = columnPlace(table, target.column);
      return ({ cells }) => listedLabels(cells[place] as string, target);
    }
  }
}

const ZERO_OR_ONE: Readonly<Record<string, number>> = {
  ...{ 0: 0, 1: 1, '0.0': 0, '1.0': 1, false: 0, true: 1 },
};

function listedLabels(
  cell: string,
  { names, separator }: Extract<LabelTarget, { kind: 'list' }>,
): Uint8Array | WrongLabel {
  const parts = cell.split(separator ?? /[;|,]/).map((part) => canonicalName(part.trim()));
  const given = parts.filter((part) => part !== '');
  const foreign = given.find((name) => !names.includes(name));
  if (foreign === undefined) return Uint8Array.from(names, (name) => Number(given.includes(name)));
  const nearest = nearestName(foreign, names);
  return {
    got: `"${foreign}"`,
    expected: `names among ${names.join(', ')}`,
    hint: nearest === undefined ? undefined : `did you mean "${nearest}"?`,
  };
}
