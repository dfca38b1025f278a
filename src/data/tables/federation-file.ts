/** Writes the file of a federation about a table, with comments, from a first look at one. */

import { nearestName } from '../../base/nearest-name.js';
import { DataError } from '../error.js';
import type { FirstLook, SeenColumn } from './first-look.js';

export interface FederationFileOptions {
  /** As it is to stand in the file. */
  readonly path: string;
  /** The column that is learned; the last one by default. */
  readonly target?: string | undefined;
}

/** @throws DataError when there is no such target, or nothing to learn it from */
export function federationFile(
  { rows, columns }: FirstLook,
  { path, target: wanted }: FederationFileOptions,
): string {
  const target = wanted === undefined ? columns.at(-1) : columns.find(({ name }) => name === wanted);
  if (target === undefined) {
    const names = columns.map(({ name }) => name);
    const nearest = nearestName(wanted ?? '', names);
    throw new DataError(`data: "${path}" has no column "${wanted}", expected one of ${names.join(', ')}`, {
      ...(nearest !== undefined && { hint: `did you mean "${nearest}"?` }),
    });
  }
  const others = columns.filter((column) => column !== target);
  const inputs = others.filter(isInput);
  if (inputs.length === 0)
    throw new DataError(`data: "${path}" has no column of numbers, categories or dates to learn from`);
  if (target.kind === 'text' || target.kind === 'empty' || target.kind === 'date') {
    throw new DataError(
      `data: "${target.name}" of "${path}" cannot be learned: it holds ${HELD[target.kind]}`,
      {
        hint: 'name another column by --target',
      },
    );
  }
  const isRegression = target.kind === 'number';
  return `# A federation about the table ${path}, which has ${rows} rows.
# Check what each column is. Ranges and names below come from this table alone: other
# owners' tables may hold more, and everyone who gets this file learns them.
dataset: ${yamlScalar(path)}
data:
  kind: table
  columns:
${inputs.map((column) => `    ${yamlScalar(column.name)}: ${settingOf(column)}${commentOf(column, rows)}`).join('\n')}
${others
  .filter((column) => !isInput(column))
  .map(
    (column) =>
      `    # ${column.name}: left out, ${column.kind === 'empty' ? 'it is empty' : `a text with ${column.different} different values`}`,
  )
  .concat('')
  .join('\n')}  target: ${targetOf(target)}
  # A column whose equal values, such as one patient's, stay on one side of every split:
  # group: patient
# One table that is dealt out to two participants, for a trial. Across machines, where each
# owner has its own table: { name: own, participants: 2 }, and dataset: none.
partition: { name: iid, participants: 2, validation: 0.2 }
model: { name: mlp, hidden: [32] }
${isRegression ? 'task: { name: regression }\n' : ''}optimizer: { name: adam, learningRate: 0.005 }
local: { epochs: 2 }
rounds: 10
`;
}

const HELD = { text: 'texts of many values', empty: 'no value', date: 'dates' } as const;

const isInput = ({ name, kind }: SeenColumn) => name !== '' && kind !== 'text' && kind !== 'empty';

function settingOf({ kind, range, names = [] }: SeenColumn): string {
  if (kind === 'number') return `{ number: true, range: [${range?.join(', ')}] }`;
  return kind === 'date' ? 'date' : `[${names.map(yamlScalar).join(', ')}]`;
}

/** Whether digits name a category or count something, only an owner knows. */
function commentOf({ missing, kind, names = [] }: SeenColumn, rows: number): string {
  const said = [
    ...(kind === 'category' && names.length > 2 && names.every(isCode)
      ? ['codes; number: true, if they count or measure something']
      : []),
    ...(missing === 0 ? [] : [`missing in ${missing} of ${rows} rows`]),
  ];
  return said.length === 0 ? '' : ` # ${said.join('; ')}`;
}

const isCode = (name: string) => /^\d$/.test(name);

/** Two of several whole numbers are often asked for: which, only its owner knows. */
function targetOf({ name, kind, names = [] }: SeenColumn): string {
  const column = yamlScalar(name);
  if (kind === 'number') return `{ column: ${column}, number: true }`;
  const hint =
    names.length > 2 && names.every(isCode) ? ` # or positive: '> ${names[0]}', for two classes` : '';
  return `{ column: ${column}, classes: [${names.map(yamlScalar).join(', ')}] }${hint}`;
}

/** A text as YAML: plain if no reader can take it for anything else. */
export function yamlScalar(text: string): string {
  const isNumber = /^(0|-?[1-9]\d{0,14})$/.test(text);
  const isWord =
    /^[A-Za-z_./][\w./ -]*$/.test(text) && !/^(y|n|yes|no|true|false|on|off|null)$|\s$/i.test(text);
  return isNumber || isWord ? text : JSON.stringify(text);
}
