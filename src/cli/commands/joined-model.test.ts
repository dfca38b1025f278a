/** The final model in a participant's folder, through the commands that take a model or a run. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commonweight } from '../../../test/command-in-process.js';
import { servedOverHub } from '../../../test/served-over-hub.js';
import type { ConfigurationInput } from '../../protocol/configuration/configuration.js';

const folder = mkdtempSync(join(tmpdir(), 'joined-model-'));
afterAll(() => rmSync(folder, { recursive: true }));
const command = (...words: string[]) => commonweight(words, { cwd: folder });
const tableOf = (hospital: string) => resolve(`data/heart-disease/${hospital}.csv`);

const configuration = {
  dataset: 'none',
  participants: ['north', 'south'],
  partition: { name: 'own', participants: 2 },
  data: {
    kind: 'table',
    columns: { age: 'number', sex: ['Female', 'Male'], oldpeak: { number: 'mm', missing: [0] } },
    target: { columns: ['trestbps', 'thalach'], number: true },
  },
  metrics: ['mae', 'rmse'],
  model: { name: 'mlp', hidden: [4] },
  optimizer: { name: 'adam', learningRate: 0.01 },
  local: { epochs: 1 },
  rounds: 1,
} as const satisfies ConfigurationInput;

beforeAll(async () => {
  const joining = { north: { data: tableOf('cleveland') }, south: { data: tableOf('hungary') } };
  const { outcomes } = await servedOverHub(folder, configuration, {}, joining);
  expect(outcomes).toMatchObject([{ type: 'finished' }, { type: 'finished' }]);
});

describe('the model in a participant’s folder', () => {
  const [own, ofRun] = ['north/model.safetensors', 'served/model.safetensors'];
  const table = tableOf('long-beach');

  it('is measured on a table as the coordinator’s is, by the metrics of the federation', async () => {
    const figures = [];
    for (const model of [own, ofRun]) {
      const { status, stderr } = await command('evaluate', model, '--dataset', table, '--json', 'e.json');
      expect(status, stderr).toBe(0);
      figures.push(JSON.parse(readFileSync(join(folder, 'e.json'), 'utf8')).figures);
    }
    expect(Object.keys(figures[0])).toEqual(['mae', 'rmse', 'loss']);
    expect(figures[0]).toEqual(figures[1]);
  });

  it('predicts rows under the names of what it has learned, and reads cells as the federation does', async () => {
    const lines = [];
    for (const model of [own, ofRun]) {
      await command('predict', model, table, '-o', 'p.csv');
      lines.push(readFileSync(join(folder, 'p.csv'), 'utf8'));
    }
    expect(lines[0]).toMatch(/^row,trestbps,thalach\n1,/);
    expect(lines[0]).toBe(lines[1]);
    await command('export', own, '-o', 'model.onnx');
    expect(existsSync(join(folder, 'model.onnx'))).toBe(true);
  });

  it('has no test rows of its own: they are to be named', async () => {
    const { status, stderr } = await command('evaluate', own);
    expect(status).toBe(2);
    expect(stderr).toMatch(/"north\/model\.safetensors".* where its data are.*\n.*--dataset/);
  });

  it('is no run to report on: its coordinator has that', async () => {
    const { status, stderr } = await command('report', 'north');
    expect(status).toBe(2);
    expect(stderr).toMatch(/"north" holds no run.*\n.*\bserve\b/);
  });
});
