/** A run of two classes that chooses from which probability on the second one is predicted. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { commonweight } from '../../../test/command-in-process.js';
import { HOSPITALS, heartCells } from '../../../test/heart-rows.js';
import { readRun } from '../../federation/record/read-run.js';
import { CUT_OFF_FIGURES, type CutOffResult } from '../../metrics/cut-off.js';

const folder = mkdtempSync(join(tmpdir(), 'commonweight-cut-off-'));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (...path: string[]) => join(folder, ...path);
const command = (...args: string[]) => commonweight(args, { cwd: folder });
const heart = (name: string) => new URL(`../../../data/heart-disease/${name}`, import.meta.url);
const json = (...path: string[]) => JSON.parse(readFileSync(at(...path), 'utf8'));
const settings = parse(readFileSync(heart('federation.yaml'), 'utf8'));
const write = (name: string, change: object) =>
  writeFileSync(at(name), stringify({ ...settings, rounds: 2, pooled: false, ...change }));

const totalOf = ({ truePositives, falsePositives, falseNegatives, trueNegatives }: CutOffResult) =>
  truePositives + falsePositives + falseNegatives + trueNegatives;

let said = '';
beforeAll(async () => {
  for (const name of HOSPITALS) copyFileSync(heart(`${name}.csv`), at(`${name}.csv`));
  write('federation.yaml', { decision: { sensitivity: 0.9 }, metrics: ['accuracy'], bootstrap: 40 });
  const { status, stdout, stderr } = await command('run', 'federation.yaml', '--out', 'run');
  expect(status, stderr).toBe(0);
  said = stdout.replaceAll(/\s+/g, ' ');
});

it('is chosen on the validation examples of all, and measured on those of the test', async () => {
  const { decision } = json('run', 'result.json');
  expect(decision).toMatchObject({ rule: { sensitivity: 0.9 }, positive: 'disease' });
  expect([decision.validation, decision.test].map(totalOf)).toEqual([74, 185]);
  const { truePositives, falseNegatives, figures } = decision.validation as CutOffResult;
  // One ill patient fewer would be too few.
  expect(figures.sensitivity).toBeGreaterThanOrEqual(0.9);
  expect((truePositives - 1) / (truePositives + falseNegatives)).toBeLessThan(0.9);
  for (const name of CUT_OFF_FIGURES) {
    const { low, high } = decision.test.intervals[name];
    expect(low).toBeLessThanOrEqual(decision.test.figures[name]);
    expect(high).toBeGreaterThanOrEqual(decision.test.figures[name]);
    expect(high - low).toBeLessThan(0.5);
  }
  expect(decision.validation.intervals).toBeUndefined();
  expect(said).toMatch(
    /"disease" is predicted from a probability of 0\.\d+ on, chosen by a sensitivity of 90\.00%/,
  );
  expect(said).toMatch(/on 185 test examples: sensitivity \d\d\.\d\d% \[\d\d\.\d\d to \d+\.\d\d\], spec/);
  expect((await readRun(at('run'))).result.decision).toEqual(decision);
  const report = await command('report', 'run');
  expect(report.stdout.replaceAll(/\s+/g, ' ')).toContain('"disease" is predicted from a probability of');
});

it('is that by which the model predicts, in and out of its run', async () => {
  const { cutOff } = json('run', 'result.json').decision;
  copyFileSync(at('run', 'model.safetensors'), at('alone.safetensors'));
  for (const model of ['run/model.safetensors', 'alone.safetensors']) {
    const { status, stderr } = await command('predict', model, 'hungary.csv', '-o', 'p.csv');
    expect(status, stderr).toBe(0);
    const [, ...rows] = readFileSync(at('p.csv'), 'utf8').trim().split('\n');
    const cells = rows.map((row) => row.split(','));
    expect(cells.map(([, prediction]) => prediction)).toEqual(
      cells.map(([, , , p]) => (Number(p) >= cutOff ? 'disease' : 'no disease')),
    );
    // Some are likelier well, and counted as ill.
    expect(cells.some(([, prediction, p]) => prediction === 'disease' && Number(p) > 0.5)).toBe(true);
  }
});

it('is what an evaluation measures at', async () => {
  const { decision } = json('run', 'result.json');
  const held = await command('evaluate', 'run/model.safetensors', '--json', 'e.json', '--bootstrap', '30');
  expect(held.status, held.stderr).toBe(0);
  const { atCutOff } = json('e.json');
  const { intervals: _, ...test } = decision.test;
  expect(atCutOff).toMatchObject({ ...test, cutOff: decision.cutOff });
  expect(Object.keys(atCutOff.intervals)).toEqual([...CUT_OFF_FIGURES]);
  expect(held.stdout).toMatch(/“disease” from a probability of 0\.\d+ on: on 185 test rows: sensitivity/);
  await command('evaluate', 'run/model.safetensors', '--dataset', 'hungary.csv', '--json', 'h.json');
  const ill = heartCells('hungary').filter(({ num }) => num !== '0').length;
  const { truePositives, falseNegatives, trueNegatives } = json('h.json').atCutOff;
  expect(truePositives + falseNegatives).toBe(ill);
  await command('predict', 'run/model.safetensors', 'hungary.csv', '-o', 'p.csv');
  const predicted = readFileSync(at('p.csv'), 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((row) => row.split(',')[1]);
  const rows = heartCells('hungary').map(({ num }, row) => [num !== '0', predicted[row] === 'disease']);
  expect(rows.filter(([is, said]) => is && said)).toHaveLength(truePositives);
  expect(rows.filter(([is, said]) => !is && !said)).toHaveLength(trueNegatives);
});

it('is another one for an evaluation that is asked to, by a number or by a rule on its examples', async () => {
  const { cutOff } = json('run', 'result.json').decision;
  const model = 'run/model.safetensors';
  const at = async (decision: string, ...more: string[]) => {
    const { status, stdout, stderr } = await command(
      'evaluate',
      model,
      '--json',
      'd.json',
      '--decision',
      decision,
      ...more,
    );
    expect([status, stderr]).toEqual([0, '']);
    return { stdout, result: json('d.json') };
  };
  const half = await at('0.5');
  // With a cut-off of one half, it is the confusion of the likelier class.
  const [[tn, fp], [fn, tp]] = half.result.confusion;
  expect(half.result.atCutOff).toMatchObject({
    ...{ cutOff: 0.5, truePositives: tp, falsePositives: fp, falseNegatives: fn, trueNegatives: tn },
  });
  expect(half.result.decision).toBeUndefined();
  expect(half.stdout).toContain('“disease” from a probability of 0.5 on: on 185 test rows');
  expect(half.stdout).not.toContain('these very');

  const rule = await at('sensitivity=0.95', '--bootstrap', '30');
  const { figures, truePositives, falseNegatives, intervals } = rule.result.atCutOff;
  expect(rule.result.decision).toEqual({ sensitivity: 0.95 });
  expect(figures.sensitivity).toBeGreaterThanOrEqual(0.95);
  expect((truePositives - 1) / (truePositives + falseNegatives)).toBeLessThan(0.95);
  expect(Object.keys(intervals)).toEqual([...CUT_OFF_FIGURES]);
  expect(rule.stdout).toContain(
    'that probability was chosen by a sensitivity of 95.00% on these very rows: of others, expect less',
  );
  // The words of the setting are the same rule; and the probability that it chose, the same cut-off.
  const inYaml = await at('{ sensitivity: 0.95 }');
  const { intervals: _, ...chosen } = rule.result.atCutOff;
  expect(inYaml.result.atCutOff).toEqual(chosen);
  expect((await at(`${chosen.cutOff}`)).result.atCutOff).toEqual(chosen);
  const { atCutOff: youden } = (await at('youden', '--dataset', 'hungary.csv')).result;
  const sumOf = (of: CutOffResult) => of.figures.sensitivity! + of.figures.specificity!;
  const own = await command('evaluate', model, '--dataset', 'hungary.csv', '--json', 'h.json');
  expect(own.status).toBe(0);
  expect(json('h.json').atCutOff.cutOff).toBe(cutOff);
  expect(sumOf(youden)).toBeGreaterThanOrEqual(sumOf(json('h.json').atCutOff));
});

it('is none for an evaluation of one class, and refused for other words and other models', async () => {
  const [head = '', ...rows] = readFileSync(at('hungary.csv'), 'utf8').trim().split('\n');
  const place = head.split(',').indexOf('num');
  const ill = rows.filter((row) => row.split(',')[place] !== '0');
  writeFileSync(at('ill.csv'), `${[head, ...ill].join('\n')}\n`);
  const evaluate = ['evaluate', 'run/model.safetensors', '--dataset', 'ill.csv', '--decision'];
  const { status, stdout } = await command(...evaluate, 'youden');
  expect(status).toBe(0);
  expect(stdout).toContain('no probability was chosen by the greatest sum of sensitivity and specificity');
  for (const wrong of ['0', '1', '-0.5', 'half', '', 'sensitivity=0', 'sensitivity=1.2', 'recall=0.9']) {
    const { status, stderr } = await command(...evaluate, wrong);
    expect(status).toBe(2);
    expect(stderr).toMatch(
      /^commonweight: --decision is "[^"]*", expected a probability between 0 and 1, [^\n]*\n/,
    );
  }
  write('five.yaml', {
    ...{ data: { ...settings.data, target: { column: 'num', classes: ['0', '1', '2', '3', '4'] } } },
    ...{ metrics: ['accuracy'], rounds: 1 },
  });
  expect((await command('run', 'five.yaml', '--out', 'five')).status).toBe(0);
  const five = await command('evaluate', 'five/model.safetensors', '--decision', '0.3');
  expect([five.status, five.stdout]).toEqual([2, '']);
  expect(five.stderr).toContain('--decision is about two classes, and "five/model.safetensors" has 5');
});

it('is the same when the finished run is asked again', async () => {
  const before = readFileSync(at('run', 'result.json'), 'utf8');
  const { status } = await command('run', 'federation.yaml', '--out', 'run');
  expect(status).toBe(0);
  expect(JSON.parse(readFileSync(at('run', 'result.json'), 'utf8')).decision).toEqual(
    JSON.parse(before).decision,
  );
});

it('is refused where it has no meaning, and said where it cannot be chosen', async () => {
  const refused = async (change: object) => {
    write('wrong.yaml', change);
    const { status, stderr } = await command('run', 'wrong.yaml');
    expect(status).toBe(2);
    return stderr;
  };
  const decision = 'youden';
  const target = { column: 'num', classes: ['0', '1', '2', '3', '4'] };
  const ofFive = { data: { ...settings.data, target }, metrics: ['accuracy'] };
  expect(await refused({ decision, ...ofFive })).toContain('two classes, but the data have 5');
  const age = { ...settings.data, target: { column: 'age', number: 'years' } };
  expect(
    await refused({ decision, data: age, metrics: ['mae'], model: { name: 'linear-regression' } }),
  ).toContain('"decision" is set, but "task" is "regression", expected classification');
  expect(await refused({ decision, share: ['fc.*'] })).toContain('expected one of both');
  expect(await refused({ decision: { sensitivity: 1.2 } })).toContain('decision');
  // Of Switzerland, 115 of 123 patients are ill: with few validation rows, all of them.
  const one = { sites: ['./switzerland.csv'] };
  write('one.yaml', {
    ...{ decision, data: { ...settings.data, ...one }, metrics: ['accuracy'] },
    partition: { validation: 0.02 },
  });
  const { stdout } = await command('run', 'one.yaml', '--json', 'one.json');
  expect(json('one.json').decision).toBeUndefined();
  expect(stdout).toContain('no probability was chosen by the greatest sum of sensitivity and specificity');
});
