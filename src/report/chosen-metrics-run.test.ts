/** Runs whose metrics are chosen, from their workers to reports and to what observers are shown. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ownTasks } from '../../test/own-tasks.js';
import { subset } from '../data/dataset.js';
import { decodeModel } from '../engine/nn/model-file.js';
import { runFederation } from '../federation/coordinator/run-federation.js';
import { readRun } from '../federation/record/read-run.js';
import { allFigures, scoreFigures } from '../pages/watch/figures/score-figures.js';
import type { ConfigurationInput } from '../protocol/configuration/configuration.js';
import { recordedView } from './pages/recorded-view.js';
import { reportRun } from './pages/report-run.js';

const folder = mkdtempSync(join(tmpdir(), 'chosen-metrics-'));
afterAll(() => rmSync(folder, { recursive: true }));

const settings = {
  partition: { name: 'iid', participants: 2, validation: 0.3 },
  model: { name: 'mlp', hidden: [4] },
  optimizer: { name: 'adam', learningRate: 0.02 },
  batchSize: 8,
  local: { epochs: 4 },
  rounds: 2,
} as const satisfies ConfigurationInput;

async function run(name: keyof typeof ownTasks, change: Partial<ConfigurationInput> = {}, place = 'run') {
  const { dataset, settings: own } = ownTasks[name]!;
  const out = join(folder, `${name.replaceAll(' ', '-')}-${place}`);
  const test = subset(
    dataset,
    Array.from({ length: 20 }, (_, i) => i),
    'test',
  );
  const data = {
    train: subset(
      dataset,
      Array.from({ length: 40 }, (_, i) => 20 + i),
      'train',
    ),
    test,
  };
  const { result } = await runFederation(
    { ...settings, ...own, rounds: 2, ...change },
    { out, data, workers: 1 },
  );
  return { out, result };
}

const metrics = [
  ...['auroc', 'average-precision', 'f1-macro', 'sensitivity', 'specificity', 'calibration-error'],
];

describe('a run of two classes by several metrics', () => {
  let out: string;
  let html: string;
  beforeAll(async () => {
    ({ out } = await run('two classes by several metrics', { metrics }));
    ({ html } = await reportRun(out));
  });

  it('is reported with every metric, the merged model beside the own ones', async () => {
    expect(html).toContain('AUROC by round');
    expect(html).toContain('All figures, round 2');
    expect(html).toMatch(/the merged model \(mean\) has AUROC [01]\.\d{3} on the test examples/);
    for (const head of ['merged (mean)', 'environment-1, own', 'environment-2, copy'])
      expect(html).toContain(head);
    const { result } = await readRun(out);
    const { auroc, sensitivity } = result.rounds[1]!.merged.mean!.test;
    expect(html).toContain(`<td>${auroc!.toFixed(3)}</td>`);
    expect(html).toContain(`<td>${(100 * sensitivity!).toFixed(2)}%</td>`);
  });

  it('gives intervals of the merged model, which hold its figures', async () => {
    expect(html).toContain('In brackets: 95% intervals of the merged model, of 20 bootstrap draws');
    expect(html).toMatch(/<td>0\.\d{3} \[0\.\d{3} to [01]\.\d{3}\]<\/td>/);
    const { details, result } = await readRun(out);
    const { intervals } = details.get(2)!.test!;
    const figures = result.rounds[1]!.merged.mean!.test;
    expect(intervals!.auroc!.low).toBeLessThanOrEqual(figures.auroc!);
    expect(intervals!.auroc!.high).toBeGreaterThanOrEqual(figures.auroc!);
  });

  it('shows curves and the figures of each class, and says the resolution', () => {
    for (const title of ['ROC curve', 'Precision by recall', 'Calibration', 'Each class against the rest'])
      expect(html).toContain(title);
    expect(html).toContain('“ill” against the rest');
    expect(html).toMatch(
      /histograms of 1,000 bins: those of the scores themselves are within [\d.e-]+ of them/,
    );
  });

  it('has the areas of its histograms in the measurements of a round', async () => {
    const { details, result } = await readRun(out);
    const [scored] = details.get(2)!.test!.scores!.merged.mean!.scored!;
    expect(scored!.auroc![0]).toBeCloseTo(result.rounds[1]!.merged.mean!.test.auroc!, 5);
    expect(scored!.roc).toHaveLength(51);
  });

  it('is watched with the same figures', async () => {
    const view = await recordedView(out);
    const rounds = view.rounds().map((round) => round.read());
    const [all] = allFigures(view.overview, rounds);
    expect(all?.numbers.rows.map(({ name }) => name)).toEqual([
      ...[
        'AUROC',
        'Average precision',
        'Macro F1',
        'Sensitivity',
        'Specificity',
        'Calibration error',
        'Loss',
      ],
    ]);
    const [row] = all!.numbers.rows;
    expect(row!.format!(row!.values[0]!)).toMatch(/^[01]\.\d{3}$/);
    expect(scoreFigures(view.overview, rounds).map(({ title }) => title)).toEqual([
      ...['ROC curve, round 2', 'Precision by recall, round 2', 'Calibration, round 2'],
    ]);
  });

  it('leaves a column for each metric', () => {
    expect(readFileSync(join(out, 'metrics.csv'), 'utf8')).toMatch(
      /^round,model,set,auroc,average-precision,f1-macro,sensitivity,specificity,calibration-error,loss\n/,
    );
  });
});

describe('a run whose best round is the final one', () => {
  it('ends with the model of that round, by validation, though it is not among the kept ones', async () => {
    const change = { metrics, optimizer: { name: 'adam', learningRate: 0.5 } } as const;
    const name = 'two classes by several metrics';
    const { out, result } = await run(name, { ...change, rounds: 6, keep: 1, finalRound: 'best' }, 'best');
    const { round, validation } = result.best!;
    const means = result.rounds.map(({ copied, participants }) => {
      const weights = participants.map(({ examples }) => examples);
      const sum = copied.reduce((all, { validation }, k) => all + weights[k]! * validation.auroc!, 0);
      return sum / weights.reduce((a, b) => a + b);
    });
    expect(validation.auroc).toBeCloseTo(Math.max(...means), 12);
    expect(means.indexOf(Math.max(...means)) + 1).toBe(round);
    expect(round).toBeLessThan(6);
    const cut = await run(name, { ...change, rounds: round }, 'cut');
    const tensors = (path: string) =>
      decodeModel(readFileSync(join(path, 'model.safetensors')), path).state.data;
    expect(tensors(out)).toEqual(tensors(cut.out));
    const { html } = await reportRun(out);
    expect(html).toContain(`The final model is that of round ${round}, the best by validation: AUROC `);
  });
});

describe('a participant with examples of one class', () => {
  it('has no AUROC, is left out of means and of the reference, and that is said', async () => {
    const partition = { name: 'dirichlet', participants: 2, alpha: 0.001, validation: 0.3 } as const;
    const change = { partition, metrics, reference: 0.001 };
    const { out, result } = await run('two classes by several metrics', change, 'skewed');
    const [round] = result.rounds;
    const { html } = await reportRun(out);
    const without = round!.copied.filter(({ validation }) => validation.auroc === undefined);
    expect(without.length).toBeGreaterThan(0);
    expect(html).toContain('No AUROC of');
    expect(html).toMatch(/the validation examples there are of one class only/);
    expect(html).not.toContain('NaN');
    expect(JSON.stringify(result)).not.toMatch(/NaN|null/);
  });
});

describe('a run of several labels', () => {
  it('is reported by label, without a confusion of classes', async () => {
    const { out, result } = await run('several labels');
    expect(Object.keys(result.rounds[1]!.merged.mean!.test)).toEqual([
      ...['f1-macro', 'exact-match', 'auroc', 'brier', 'loss'],
    ]);
    const { html } = await reportRun(out);
    expect(html).toContain('Each label: merged model (mean)');
    expect(html).not.toContain('taken for');
    const view = await recordedView(out);
    expect(view.overview.categories).toBeUndefined();
  });
});
