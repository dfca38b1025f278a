import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { commonweight } from '../../../test/command-in-process.js';
import { CATEGORIES, HOSPITALS, heartCells, NUMBERS } from '../../../test/heart-rows.js';

const folder = mkdtempSync(join(tmpdir(), 'commonweight-predict-'));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (...path: string[]) => join(folder, ...path);
const command = (...args: string[]) => commonweight(args, { cwd: folder });
const cellsOf = (file: string) =>
  readFileSync(at(file), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => line.split(','));
const heart = (name: string) => new URL(`../../../data/heart-disease/${name}`, import.meta.url);

const all = HOSPITALS.flatMap(heartCells);

beforeAll(async () => {
  for (const name of HOSPITALS) copyFileSync(heart(`${name}.csv`), at(`${name}.csv`));
  const settings = parse(readFileSync(heart('federation.yaml'), 'utf8'));
  writeFileSync(at('federation.yaml'), stringify({ ...settings, rounds: 2, pooled: false }));
  const { status, stderr } = await command('run', 'federation.yaml', '--out', 'run');
  expect(status, stderr).toBe(0);
  const [first, ...others] = HOSPITALS.map((name) => readFileSync(at(`${name}.csv`), 'utf8').trimEnd());
  const rows = others.map((text) => text.slice(text.indexOf('\n') + 1));
  writeFileSync(at('all.csv'), `${[first, ...rows].join('\n')}\n`);
});

describe('commonweight predict with the model of four hospitals', () => {
  it('gives for each row the class and the probabilities that its ONNX model gives for the cells', async () => {
    const { status, stdout, stderr } = await command(
      'predict',
      'run/model.safetensors',
      'all.csv',
      '-o',
      'p.csv',
    );
    expect(status, stderr).toBe(0);
    expect(stdout).toBe('p.csv: 920 rows\n');
    const [header, ...lines] = cellsOf('p.csv');
    expect(header).toEqual(['row', 'prediction', 'P(no disease)', 'P(disease)']);
    const session = await InferenceSession.create(readFileSync(at('run/model.onnx')));
    const column = (name: string) => all.map((row) => row[name] ?? '');
    const numbers = NUMBERS.map(({ name }) => {
      const values = Float32Array.from(column(name), (cell) => (cell === '' ? Number.NaN : Number(cell)));
      return [name, new Tensor('float32', values, [all.length])] as const;
    });
    const texts = CATEGORIES.map(
      ({ name }) => [name, new Tensor('string', column(name), [all.length])] as const,
    );
    const outputs = await session.run(Object.fromEntries<Tensor>([...numbers, ...texts]));
    const expected = outputs.probabilities!.data as Float32Array;
    await session.release();
    expect(lines).toHaveLength(920);
    const differences = lines.flatMap((cells, row) =>
      [0, 1].map((label) => Math.abs(Number(cells[2 + label]) - expected[2 * row + label]!)),
    );
    expect(Math.max(...differences)).toBeLessThan(1e-6);
    expect(lines.map(([row]) => Number(row))).toEqual(all.map((_, row) => row + 1));
    const classes = all.map((_, row) =>
      expected[2 * row + 1]! > expected[2 * row]! ? 'disease' : 'no disease',
    );
    expect(lines.map(([, prediction]) => prediction)).toEqual(classes);
    expect(new Set(classes).size).toBe(2);
  });

  it('needs neither a target nor the folder of the run, and shows the first rows', async () => {
    copyFileSync(at('run/model.safetensors'), at('alone.safetensors'));
    const untold = cellsOf('hungary.csv').map((cells) => cells.slice(0, -1).join(','));
    writeFileSync(at('untold.csv'), `${untold.join('\n')}\n`);
    await command('predict', 'run/model.safetensors', 'hungary.csv', '-o', 'told.csv');
    await command('predict', 'alone.safetensors', 'untold.csv', '-o', 'alone.csv');
    expect(cellsOf('alone.csv')).toHaveLength(295);
    expect(cellsOf('alone.csv')).toEqual(cellsOf('told.csv'));
    const { stdout } = await command('predict', 'alone.safetensors', 'untold.csv');
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(12);
    expect(lines[0]).toMatch(/^row +prediction +P\(no disease\) +P\(disease\)$/);
    expect(lines.at(-1)).toBe('and 284 more rows of 294: -o predictions.csv writes all');
  });

  it('says which column is missing or which cell is wrong, and writes nothing', async () => {
    const [header, ...rows] = cellsOf('hungary.csv') as [string[], ...string[][]];
    const write = (table: readonly (readonly string[])[]) =>
      writeFileSync(at('wrong.csv'), `${table.map((cells) => cells.join(',')).join('\n')}\n`);
    const predicted = () => command('predict', 'run/model.safetensors', 'wrong.csv', '-o', 'none.csv');
    const chol = header.indexOf('chol');
    write([header, ...rows].map((cells) => cells.filter((_, column) => column !== chol)));
    const missing = await predicted();
    expect(missing.status).toBe(2);
    expect(missing.stderr).toMatch(/"wrong\.csv", line 1: no column is called "chol".*\n.*add it/);
    write([header, ...rows.map((cells, row) => (row === 4 ? cells.with(chol, 'high') : cells))]);
    const wrong = await predicted();
    expect(wrong.status).toBe(2);
    expect(wrong.stderr).toContain('line 6, column "chol": expected a number, got "high"');
    // Of one row, half of the values and more are soon beyond a range.
    write([header, rows[0]!.with(header.indexOf('age'), '99')]);
    const old = await command('predict', 'run/model.safetensors', 'wrong.csv');
    expect(old.status).toBe(0);
    expect(old.stderr).toContain('1 of 1 values of "age" lie beyond 20 to 90 years');
    const two = await command('predict', 'run/model.safetensors', 'all.csv', 'hungary.csv');
    expect(two).toMatchObject({ status: 2, stderr: expect.stringContaining('expected one table') });
    expect(existsSync(at('none.csv'))).toBe(false);
  });
});

describe('commonweight evaluate with the model of four hospitals', () => {
  it('finds on the rows that its run has held out the figures that the run found', async () => {
    const { status, stdout, stderr } = await command('evaluate', 'run/model.safetensors', '--json', 'e.json');
    expect(status, stderr).toBe(0);
    const { figures, part, examples } = JSON.parse(readFileSync(at('e.json'), 'utf8'));
    const { rounds } = JSON.parse(readFileSync(at('run/result.json'), 'utf8'));
    expect({ part, examples }).toEqual({ part: 'test', examples: 185 });
    const expected = rounds.at(-1).merged.mean.test;
    expect(Object.keys(expected)).toContain('brier');
    for (const [name, value] of Object.entries<number>(expected)) expect(figures[name]).toBeCloseTo(value, 6);
    expect(stdout).toMatch(/accuracy \d\d\.\d\d%, AUROC .* on 185 test rows of sites/);
    expect(stdout).toMatch(/class +rows +accuracy/);
    // The folder of the run names its model.
    expect((await command('evaluate', 'run')).stdout).toBe(stdout);
  });

  it('measures it on all rows of another table, by other metrics', async () => {
    const flags = ['--dataset', 'all.csv', '--metrics', 'accuracy,f1-macro', '--json', 'all.json'];
    const { status, stdout, stderr } = await command('evaluate', 'run/model.safetensors', ...flags);
    expect(status, stderr).toBe(0);
    const { figures, confusion } = JSON.parse(readFileSync(at('all.json'), 'utf8'));
    await command('predict', 'run/model.safetensors', 'all.csv', '-o', 'p.csv');
    const predicted = cellsOf('p.csv').slice(1);
    const right = all.filter(({ num }, row) => (num !== '0') === (predicted[row]![1] === 'disease')).length;
    expect(figures.accuracy).toBe(right / 920);
    expect(Object.keys(figures)).toEqual(['accuracy', 'f1-macro', 'loss']);
    expect(confusion.flat().reduce((a: number, b: number) => a + b)).toBe(920);
    expect(stdout).toContain('This is no test: nothing sets test rows apart here');
  });

  it('says what it lacks: the settings of the run, or the target', async () => {
    copyFileSync(at('run/model.safetensors'), at('lone.safetensors'));
    const lone = await command('evaluate', 'lone.safetensors', '--dataset', 'all.csv');
    expect(lone).toMatchObject({ status: 2, stderr: expect.stringContaining('configuration.yaml') });
    const without = cellsOf('hungary.csv').map((cells) => cells.slice(0, -1).join(','));
    writeFileSync(at('without.csv'), `${without.join('\n')}\n`);
    const untold = await command('evaluate', 'run/model.safetensors', '--dataset', 'without.csv');
    expect(untold).toMatchObject({ status: 2, stderr: expect.stringContaining('no column is called "num"') });
  });
});

describe('a model of numbers', () => {
  it('predicts the number, with the group as it is in the table, and is measured by its metrics', async () => {
    const stay = (i: number) => [`00${i % 7}`, `2026-0${1 + (i % 9)}-11`, i % 13, 3 * (i % 13)];
    const stays = Array.from({ length: 60 }, (_, i) => stay(i).join(','));
    writeFileSync(at('stays.csv'), ['patient,seen,score,days', ...stays, ''].join('\n'));
    const data = {
      ...{ kind: 'table', columns: { seen: 'date', score: 'number' }, group: 'patient' },
      target: { column: 'days', number: 'days' },
    };
    const settings = {
      ...{ dataset: './stays.csv', data, model: { name: 'linear-regression' }, rounds: 1, batchSize: 8 },
      ...{ optimizer: { name: 'sgd', learningRate: 0.01 }, local: { epochs: 1 } },
      partition: { name: 'iid', participants: 2 },
    };
    writeFileSync(at('stays.yaml'), stringify(settings));
    const run = await command('run', 'stays.yaml', '--out', 'stays');
    expect(run.status, run.stderr).toBe(0);
    const predicted = await command('predict', 'stays/model.safetensors', 'stays.csv', '-o', 'days.csv');
    expect(predicted.status, predicted.stderr).toBe(0);
    const [header, ...lines] = cellsOf('days.csv');
    expect(header).toEqual(['row', 'patient', 'prediction']);
    expect(lines).toHaveLength(60);
    expect(lines.map(([, patient]) => patient)).toEqual(stays.map((line) => line.slice(0, 3)));
    expect(new Set(lines.map(([, , days]) => Number(days))).size).toBeGreaterThan(20);
    const measured = await command('evaluate', 'stays/model.safetensors', '--dataset', 'stays.csv');
    const squares = lines.map(([, , days], i) => (Number(days) - 3 * (i % 13)) ** 2);
    const rmse = Math.sqrt(squares.reduce((a, b) => a + b) / 60);
    expect(measured.stdout).toMatch(/^RMSE ([\d.]+) days, MAE [\d.]+ days, R² \S+, loss \S+ on 60 rows/m);
    expect(Number(/^RMSE ([\d.]+)/m.exec(measured.stdout)?.[1])).toBeCloseTo(rmse, 2);
    // Without the settings of the run, a day is still read as one; nothing names the group.
    copyFileSync(at('stays/model.safetensors'), at('stays.safetensors'));
    await command('predict', 'stays.safetensors', 'stays.csv', '-o', 'alone.csv');
    expect(cellsOf('alone.csv')).toEqual([
      ['row', 'prediction'],
      ...lines.map(([row, , days]) => [row, days]),
    ]);
  });
});
