/**
 * Processes of a federation of tables die during the survey before round 1, which counts numbers and
 * classes.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { type Fates, federate } from './federation.js';

const root = mkdtempSync(join(tmpdir(), 'commonweight-kill-survey-'));
afterAll(() => rmSync(root, { recursive: true }));

const hospitals = ['cleveland', 'hungary'];
const tables = `
data:
  kind: table
  columns:
    age: { number: years, range: [20, 90] }
    sex: [Female, Male]
    chol: { number: mg/dl, missing: [0] }
  target: { column: num, positive: '> 0' }
dataset: none
participants: [${hospitals.join(', ')}]
partition: { name: own, participants: 2 }
model: { name: logistic-regression }
loss: { name: softmax-cross-entropy, classWeights: balanced }
optimizer: { name: sgd, learningRate: 0.05 }
local: { epochs: 1 }
rounds: 2
`;

it('a federation of tables whose processes are killed in the survey comes to the bytes of one that is not', {
  timeout: 180_000,
}, async ({ signal }) => {
  const models = async (name: string, fates: Fates) => {
    const folder = join(root, name);
    mkdirSync(folder);
    writeFileSync(join(folder, 'federation.yaml'), tables);
    const data = (k: number) => ['--data', resolve(`data/heart-disease/${hospitals[k]}.csv`)];
    const { names } = await federate(folder, fates, { signal, data });
    return names.map((of) => readFileSync(join(folder, of, 'model.safetensors')));
  };
  const [killed, whole] = await Promise.all([
    models('killed in the survey', {
      coordinator: [
        'journal: contributed 1 .* written',
        'models/constants-1.safetensors in place',
        'journal: computed 1 written',
      ],
      participant: ['survey-.*.json in place', 'upload of .*', 'announcement: contributed 1 sent'],
    }),
    models('left alone', {}),
  ]);
  expect(killed).toEqual(whole);
  expect(new Set(whole.map((model) => model.toString('hex'))).size).toBe(1);
});
