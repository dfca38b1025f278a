import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { everyCase } from '../../../../test/every-case.js';
import { CommonweightError } from '../../../base/error.js';
import { randomStream } from '../../../base/random.js';
import type { Dataset, HeldColumn } from '../../dataset.js';
import { MISSING_NUMBER } from '../../features.js';
import { dayNumber } from '../cell-readers.js';
import { type TableSettings, tableSpec } from '../column-specs.js';
import { lookAtTable } from '../node/look-at-table.js';
import { readTable } from '../node/read-table.js';
import { tableDatasets } from '../table-dataset.js';

const fixtures = 'test/fixtures/parquet';
/** Written by pyarrow, in many ways; the same rows in each. */
const ways = ['snappy', 'groups', 'plain', 'gzip', 'brotli', 'lz4'];
const lines = readFileSync(join(fixtures, 'expected.jsonl'), 'utf8').trim().split('\n');
const expected = Object.fromEntries(
  lines.map((line) => JSON.parse(line) as [string, readonly unknown[]]),
) as Readonly<Record<string, readonly unknown[]>>;
const folder = mkdtempSync(join(tmpdir(), 'parquet-'));
afterAll(() => rmSync(folder, { recursive: true }));

const settings: TableSettings = {
  kind: 'table',
  columns: {
    ...{ age: 'number', small: 'number', count: 'number', byte: 'number', price: 'number', flag: 'number' },
    ...{
      seen: 'date',
      moment: 'date',
      sex: ['Female', 'Male'],
      word: 'category',
      code: ['0', '1', '2', '3'],
    },
  },
  target: { column: 'goal', classes: ['0', '1', '2'] },
};

async function load(path: string, changed: Partial<TableSettings> = {}) {
  const notices: string[] = [];
  const spec = tableSpec({ ...settings, ...changed });
  const table = await readTable(path, spec, { onNotice: (notice) => notices.push(notice) });
  return { dataset: tableDatasets(spec, [table])[0] as Dataset, notices };
}

/** The message and the hint of what is refused. */
async function refusal(path: string, changed?: Partial<TableSettings>): Promise<string> {
  const error = await load(path, changed).then(
    () => undefined,
    (cause: unknown) => cause,
  );
  expect(error).toBeInstanceOf(CommonweightError);
  const { message, hint = '' } = error as CommonweightError;
  expect(message).not.toContain('\n');
  return `${message}; ${hint}`;
}

const valuesOf = ({ inputs: [numbers, categories], targets: [target] }: Dataset) => ({
  numbers: [...(numbers as HeldColumn).values],
  categories: [...(categories as HeldColumn).values],
  targets: [...(target as HeldColumn).values],
});

const numberNames = ['age', 'small', 'count', 'byte', 'price', 'flag', 'seen', 'moment'];
const names = { sex: ['Female', 'Male'], word: ['née', 'x,"y"', '한국'], code: [0, 1, 2, 3] };

/** What pyarrow says is in the file. */
const recorded = () => {
  const rows = expected.goal!.length;
  const number = (name: string, row: number) => {
    const value = expected[name]![row] as number | boolean | string | null;
    if (value === null) return MISSING_NUMBER;
    return Math.fround(typeof value === 'string' ? dayNumber(value)! : Number(value));
  };
  const category = (known: readonly unknown[], value: unknown) =>
    value === null ? known.length + 1 : known.indexOf(value);
  const each = <Value>(of: (row: number) => readonly Value[]) =>
    Array.from({ length: rows }, (_, row) => of(row)).flat();
  return {
    numbers: each((row) => numberNames.map((name) => number(name, row))),
    categories: each((row) =>
      Object.entries(names).map(([name, known]) => category(known, expected[name]![row])),
    ),
    targets: expected.goal,
  };
};

describe('a table in Parquet', () => {
  it.each(ways)('has the values that pyarrow wrote: %s', async (way) => {
    const { dataset, notices } = await load(join(fixtures, `${way}.parquet`));
    expect(valuesOf(dataset)).toEqual(recorded());
    expect(notices).toEqual([]);
  });

  it('is read as the same table in CSV is', async () => {
    const cell = (value: unknown) => (value === null ? '' : `"${String(value).replaceAll('"', '""')}"`);
    const columns = Object.keys(expected).filter((name) => name !== 'signal');
    const rows = expected.goal!.map((_, row) => columns.map((name) => cell(expected[name]![row])).join(','));
    const path = join(folder, 'same.csv');
    // Truth values have no numbers in a text.
    const text = [columns.join(','), ...rows].join('\n').replaceAll('"true"', '1').replaceAll('"false"', '0');
    writeFileSync(path, text);
    expect(valuesOf((await load(path)).dataset)).toEqual(recorded());
    const look = async (file: string) => (await lookAtTable(file)).columns;
    const [inText, typed] = [await look(path), await look(join(fixtures, 'groups.parquet'))];
    const known = (all: typeof typed) => all.filter(({ name }) => !['flag', 'signal'].includes(name));
    expect(known(typed)).toEqual(known(inText));
    expect(typed.find(({ name }) => name === 'flag')?.names).toEqual(['false', 'true']);
    expect(typed.find(({ name }) => name === 'signal')?.kind).toBe('empty');
  });

  it('says the row of what is wrong in it, or unknown', async () => {
    const path = join(fixtures, 'groups.parquet');
    expect(await refusal(path, { columns: { word: 'number' } })).toContain(
      '"groups.parquet", row 1, column "word": expected a number, got "née" (and',
    );
    const women = expected.sex!.filter((name) => name === 'Female').length;
    const { notices } = await load(path, { columns: { age: 'number', sex: ['Male', 'X'] } });
    expect(notices[0]).toContain(`"sex" has "Female" ${women} times (first in row 1)`);
  });

  it('is refused in one line where a column has no single values, or is not there', async () => {
    const path = join(fixtures, 'snappy.parquet');
    expect(await refusal(path, { columns: { signal: 'number' } })).toContain(
      'the column "signal" of "snappy.parquet" holds lists',
    );
    expect(await refusal(path, { columns: { ages: 'number' } })).toContain('no column is called "ages"');
    expect(await refusal(join(fixtures, 'empty.parquet'))).toContain(
      '"empty.parquet" has a header and no rows',
    );
    expect(await refusal(join(folder, 'none.parquet'))).toContain('is not there, expected a table');
  });

  it('is refused in one line, or read, however it is damaged', async () => {
    const sound = readFileSync(join(fixtures, 'snappy.parquet'));
    const path = join(folder, 'damaged.parquet');
    const said = async (bytes: Uint8Array) => {
      writeFileSync(path, bytes);
      const outcome = await load(path).then(
        () => 'read',
        (error: unknown) => error,
      );
      if (outcome !== 'read') expect(outcome).toBeInstanceOf(CommonweightError);
      return outcome === 'read' ? '' : (outcome as Error).message;
    };
    expect(await said(sound.subarray(0, 5000))).toContain('"damaged.parquet" cannot be read as Parquet');
    expect(await said(Buffer.from('age,sex\n1,Male\n'))).toContain('cannot be read as Parquet');
    expect(await said(new Uint8Array(0))).toContain('cannot be read as Parquet');
    const nameless = new Uint8Array(sound);
    nameless[10469] = 165;
    expect(await said(nameless)).toContain('cannot be read as Parquet');
    const stream = randomStream(1, 'damage');
    for (let k = 0; k < (everyCase ? 3000 : 60); k++) {
      const bytes = new Uint8Array(sound);
      for (let at = 0; at <= k % 3; at++) bytes[stream.integer(bytes.length)] = stream.integer(256);
      expect(await said(bytes)).not.toContain('\n');
    }
  });
});
