import { isDeepStrictEqual } from 'node:util';
import { expect, it } from 'vitest';
import { everyCase } from '../../../test/every-case.js';
import { tableByRows } from '../../../test/table-by-rows.js';
import { type RandomStream, randomStream } from '../../base/random.js';
import type { Dataset, HeldColumn } from '../dataset.js';
import { type TableSettings, tableSpec } from './column-specs.js';
import { tableDatasets } from './table-dataset.js';
import { textTableReader } from './text-table.js';

const targets: readonly TableSettings['target'][] = [
  { column: 'goal', positive: '> 0' },
  { column: 'goal', classes: ['0', '1', '2'] },
  { column: 'goal', classes: true },
  { column: 'goal', number: true },
  { columns: ['goal', 'first'], number: true },
  { columns: ['label', 'goal'], labels: true },
];

/** Cells of each column: those that are usual, and those that are odd in one way or another. */
const cells: Readonly<Record<string, readonly [usual: readonly string[], odd: readonly string[]]>> = {
  first: [
    ['1', '2.5', '-3', '0.125', '12345.678'],
    [
      '',
      ' 4 ',
      '+7',
      '-0',
      '.5',
      '5.',
      '1e3',
      '-9',
      'NA',
      '00012',
      '12345678901234567890',
      '0.1e-400',
      '\t3',
    ],
  ],
  second: [
    ['100', '200', '0.3', '123456.789012345', '1234567.890123456'],
    ['None', 'old', '1e400', '-4e38', '1 2', '--1', '1.2.3', '3.4e38', '0x10', 'inf', 'n/a'],
  ],
  seen: [
    ['2020-01-02', '2021/5/6', ''],
    ['2024-02-29', '2023-02-29', 'NA', '43832', ' 2020-01-02 '],
  ],
  kind: [
    ['x', 'y', 'é'],
    ['', ' x', 'X', 'e\u0301', 'z', 'null', 'a"b', '?', '한'],
  ],
  free: [
    ['1', '1.0', 'b', 'c'],
    ['', '01', 'd,e', 'f;g', 'two\nlines', '"', 'NaN', '1e0'],
  ],
  label: [
    ['0', '1'],
    ['1.0', '', '2'],
  ],
  patient: [
    ['p1', 'p2', 'p3'],
    ['', 'p 4', '5', '5.0'],
  ],
  goal: [
    ['0', '1'],
    ['', '2', '1.0', '-1', 'NA', 'ill', '0.5'],
  ],
};

interface Drawn {
  readonly text: string;
  readonly settings: TableSettings;
  readonly separator: ',' | ';' | '\t';
  readonly decimal: '.' | ',';
}

function drawTable(stream: RandomStream): Drawn {
  const one = <Item>(items: readonly Item[]): Item => items[stream.integer(items.length)] as Item;
  const rarely = (of: number) => stream.integer(of) === 0;
  const separator = one([',', ';', '\t'] as const);
  const decimal = separator !== ',' && rarely(2) ? ',' : '.';
  const names = Object.keys(cells).filter((name) => name !== 'seen' || !rarely(6));
  const order = [...stream.permutation(names.length)].map((place) => names[place] as string);
  const oddness = one([1e9, 200, 30, 5]);
  const quoteAll = rarely(4);
  const quoted = (cell: string) =>
    quoteAll || /["\r\n]/.test(cell) || cell.includes(separator) ? `"${cell.replaceAll('"', '""')}"` : cell;
  const cellOf = (name: string) => {
    const [usual, odd] = cells[name] as readonly [readonly string[], readonly string[]];
    const cell = one(rarely(oddness) ? odd : usual);
    return quoted(decimal === ',' && /^[\d.+-]+$/.test(cell) ? cell.replace('.', ',') : cell);
  };
  const lines = Array.from({ length: 1 + stream.integer(25) }, () => order.map(cellOf).join(separator));
  const spoilt = stream.integer(lines.length);
  if (rarely(12)) lines[spoilt] += one([separator, `${separator}"open`, '"x', '\n', '\r\n\n']);
  const target = one(targets);
  return {
    ...{ separator, decimal },
    text: [order.join(separator), ...lines].join(one(['\n', '\r\n', '\r'])) + one(['', '\n']),
    settings: {
      kind: 'table',
      columns: {
        first: { number: true, missing: [-9] },
        second: 'number',
        seen: 'date',
        kind: { category: ['x', 'y', 'é'], missing: ['?'] },
        free: 'category',
      },
      target,
      ...(rarely(2) && { group: 'patient' }),
    },
  };
}

interface Named {
  readonly names: readonly string[];
}

/** What a data set says, in the words of the other reader. */
function wordsOf({ inputs, targets: [target], clusters }: Dataset, names: readonly string[] | undefined) {
  const [numbers, categories] = inputs as readonly HeldColumn[];
  const { features } = categories!.meaning as unknown as { features: readonly [Named, ...Named[]] };
  const [kind] = features;
  const nameOf = (code: number, at: number) => {
    const known = features[at % features.length]!.names;
    return known[code] ?? (code === known.length + 1 ? '?' : `other than ${kind.names.join(', ')}`);
  };
  const { values } = target as HeldColumn;
  return {
    numbers: [...numbers!.values],
    categories: [...categories!.values].map(nameOf),
    targets: names === undefined ? [...values] : [...values].map((code) => names[code]),
    groups: placesOf([...(clusters ?? [])]),
  };
}

/** Groups are equal if the same rows are in one. */
const placesOf = (groups: readonly unknown[]) => groups.map((group) => groups.indexOf(group));

const outcomeOf = <Outcome>(read: () => Outcome): Outcome | { readonly refused: string } => {
  try {
    return read();
  } catch (error) {
    return { refused: (error as Error).message };
  }
};

function readFast({ text, settings, separator, decimal }: Drawn, piece: number) {
  const spec = tableSpec(settings);
  const notices: string[] = [];
  const onNotice = (notice: string) => notices.push(notice);
  const reader = textTableReader('a.csv', spec, { separator, decimal, onNotice });
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += piece) reader.push(bytes.subarray(at, at + piece));
  const [dataset] = tableDatasets(spec, [reader.finish()]) as [Dataset];
  const { meaning } = dataset.targets[0]!;
  const isNamed = meaning.kind === 'categories' && !('positive' in settings.target);
  return { ...wordsOf(dataset, isNamed ? meaning.names : undefined), notices: notices.join('\n') };
}

it(`reads ${everyCase ? 60_000 : 1000} drawn tables as a reader does that goes row by row`, () => {
  for (let seed = 0; seed < (everyCase ? 60_000 : 1000); seed++) {
    const stream = randomStream(seed, 'drawn table');
    const drawn = drawTable(stream);
    const { text, settings, separator, decimal } = drawn;
    const fast = outcomeOf(() => readFast(drawn, 1 + stream.integer(300)));
    const slow = outcomeOf(() => tableByRows('a.csv', text, tableSpec(settings), separator, decimal));
    const about = `seed ${seed}: ${JSON.stringify(text)}`;
    if ('refused' in slow || 'refused' in fast) {
      expect('refused' in fast ? fast.refused : fast, about).toContain(
        'refused' in slow ? slow.refused : '–',
      );
      continue;
    }
    const { unknown, groups, ...same } = slow;
    const { notices, ...read } = fast;
    const expected = { ...same, groups: placesOf(groups) };
    if (!isDeepStrictEqual(read, expected)) expect(read, about).toEqual(expected);
    for (const one of unknown) expect(notices, about).toContain(one);
  }
});
