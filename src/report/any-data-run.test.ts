/**
 * What faces say of runs on other data than pictures with classes: they call examples, units and
 * metrics as the task does.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { terminalOutput } from '../../test/terminal-output.js';
import { randomStream } from '../base/random.js';
import { liveDisplay } from '../cli/display/display-live.js';
import { plainDisplay } from '../cli/display/display-plain.js';
import { arrayDataset } from '../data/arrays/array-dataset.js';
import { type Dataset, subset } from '../data/dataset.js';
import * as g from '../engine/graph/build.js';
import type { Value } from '../engine/graph/value.js';
import { dense, embedding } from '../engine/nn/layers/layers.js';
import type { Network } from '../engine/nn/layers/network.js';
import { mlp } from '../engine/nn/models/mlp.js';
import type { Task } from '../engine/nn/tasks/task.js';
import { runFederation } from '../federation/coordinator/run-federation.js';
import type { ConfigurationInput } from '../protocol/configuration/configuration.js';
import { recordedView } from './pages/recorded-view.js';
import { reportRun } from './pages/report-run.js';
import { outcome } from './text/outcome.js';
import { wordsOf } from './words.js';

const EXAMPLES = 60;
const random = randomStream('faces of any data');
const numbers = Float32Array.from({ length: 2 * EXAMPLES }, () => random.normal());
const table = arrayDataset({
  name: 'houses',
  inputs: [{ name: 'features', values: numbers, shape: [2] }],
  targets: [{ name: 'price', values: numbers.filter((_, i) => i % 2 === 0) }],
});

/** Each of so many places of an example is one of two things; the figure is a perplexity. */
const tagging = (unit: string, name: string, shape: readonly number[]): Task => {
  const places = shape.reduce((a, b) => a * b, 1);
  const losses = (output: Value, [target]: readonly Value[]) => {
    const truth = g.oneHot(g.reshape(target!, [output.shape[0]!, places]), 2);
    return g.neg(g.reduceSum(g.mul(g.logSoftmax(output, 2), truth), [1, 2]));
  };
  return {
    ...{ name: 'tagging', targets: [{ name, dtype: 'i32', shape }], output: [places, 2], unit, losses },
    units: (targets) =>
      g.reduceSum(g.oneHot(g.reshape(targets[0]!, [targets[0]!.shape[0]!, places]), 2), [1, 2]),
    metrics: [
      {
        ...{ name: 'perplexity', better: 'lower', format: 'number' },
        sums: (output, targets, weights) => ({
          surprise: g.reduceSum(g.mul(losses(output, targets), weights)),
        }),
        figure: ({ surprise, counted }) => g.exp(g.div(surprise!, counted!)),
      },
    ],
  };
};
const tags = { kind: 'categories', names: ['word', 'name'] } as const;
const LENGTH = 5;
const tokens = Int32Array.from({ length: LENGTH * EXAMPLES }, () => random.integer(6));
const sentences = arrayDataset({
  name: 'sentences',
  inputs: [{ name: 'tokens', values: tokens, shape: [LENGTH], meaning: { kind: 'tokens', vocabulary: 6 } }],
  targets: [{ name: 'tags', values: tokens.map((token) => token % 2), shape: [LENGTH], meaning: tags }],
});
const bytes = Uint8Array.from({ length: 16 * EXAMPLES }, () => random.integer(256));
const masks = arrayDataset({
  name: 'masks',
  inputs: [{ name: 'images', values: bytes, shape: [1, 4, 4], meaning: { kind: 'picture' } }],
  targets: [{ name: 'mask', values: bytes.map((byte) => byte >> 7), shape: [4, 4], meaning: tags }],
});
const flatten =
  (places: number, embed: (scope: Parameters<Network>[0], x: Value) => Value): Network =>
  (scope, x) =>
    g.reshape(dense(scope.in('fc'), g.flatten(embed(scope, x)), 2 * places), [x.shape[0]!, places, 2]);
const vocabulary = { vocabulary: 6, features: 3 };

interface Case {
  readonly dataset: Dataset;
  readonly settings: Partial<ConfigurationInput>;
  readonly extensions: { readonly network: Network; readonly task?: Task };
  /** What every face says, and what none may say. */
  readonly metric: string;
  readonly examples: string;
  readonly speed: RegExp;
  readonly never: RegExp;
}
const cases: Readonly<Record<string, Case>> = {
  'numbers and a number': {
    dataset: table,
    settings: { task: { name: 'regression', unit: 'km' } },
    extensions: { network: mlp({ classes: 1, hidden: [4] }) },
    ...{ metric: 'RMSE', examples: 'examples', speed: /\d examples\/s/ },
    never: /\b(images?|pictures?|pixels?|class(es)?|accurac\w+|tokens)\b/i,
  },
  'tokens and their tags': {
    dataset: sentences,
    settings: {},
    extensions: {
      network: flatten(LENGTH, (scope, x) => embedding(scope.in('words'), x, vocabulary)),
      task: tagging('token', 'tags', [LENGTH]),
    },
    ...{ metric: 'perplexity', examples: 'examples', speed: /\d tokens\/s/ },
    never: /\b(images?|pictures?|pixels?|class(es)?|accurac\w+)\b/i,
  },
  'pictures and their masks': {
    dataset: masks,
    settings: {},
    extensions: { network: flatten(16, (_, x) => x), task: tagging('pixel', 'mask', [4, 4]) },
    ...{ metric: 'perplexity', examples: 'images', speed: /\d pixels\/s/ },
    never: /\b(class(es)?|accurac\w+|tokens)\b/i,
  },
};

/** What a reader sees of a page. */
const textOf = (html: string) =>
  html
    .replaceAll(/<(style|script|pre)[\s\S]*?<\/\1>/g, ' ')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/&[#\w]+;/g, ' ');

const folder = mkdtempSync(join(tmpdir(), 'commonweight-any-data-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe.each(Object.entries(cases))('a run on %s', (name, one) => {
  const { dataset, settings, extensions, metric, examples, speed, never } = one;
  const out = join(folder, name);
  let [plain, live, said] = ['', '', ''];
  beforeAll(async () => {
    const files = [terminalOutput(undefined), terminalOutput({ columns: 140, rows: 40 })] as const;
    const displays = [plainDisplay({ output: files[0] }), liveDisplay({ output: files[1] })];
    const { result } = await runFederation(
      {
        partition: { name: 'iid', participants: 2 },
        model: { name: 'custom' },
        optimizer: { name: 'adam', learningRate: 0.02 },
        batchSize: 16,
        local: { epochs: 2 },
        rounds: 2,
        ...settings,
      },
      {
        ...{ out, workers: 1, extensions },
        data: { train: dataset, test: subset(dataset, [0, 1, 2, 3, 4, 5, 6, 7], 'test') },
        observer: {
          onStart(start) {
            for (const display of displays) display.onStart(start);
          },
          onProgress(progress) {
            for (const display of displays) display.onProgress(progress);
          },
          onEvent(event, state) {
            for (const display of displays) display.onEvent(event, state);
          },
        },
      },
    );
    for (const display of displays) {
      display.onResult(result);
      display.close();
    }
    [plain, live] = files.map((file) => file.text()) as [string, string];
    said = outcome(result, wordsOf(dataset, result.settings)).join('\n');
  });

  it('is shown in a terminal by its own words', () => {
    expect(plain).toMatch(speed);
    expect(plain).toContain(`on the test ${examples}`);
    expect(said).toContain(`on the test ${examples}`);
    for (const text of [plain, live, said]) expect(text).not.toMatch(never);
    expect(plain).toContain(metric);
  });

  it('is reported by its own words', async () => {
    const { html, markdown } = await reportRun(out);
    const text = textOf(html);
    expect(text).toContain(`On the test ${examples}`);
    expect(text.toLowerCase()).toContain(`${metric.toLowerCase()}`);
    for (const report of [text, markdown]) expect(report).not.toMatch(never);
    // Numbers without a name could be of any metric.
    expect(text).toMatch(new RegExp(`the merged model \\(mean\\) has ${metric} \\d`));
    const unit = extensions.task?.unit;
    if (unit !== undefined) expect(text).toContain(`Figures are over the ${unit}s of the ${examples}.`);
  });

  it('is told to observers with its columns', async () => {
    const { overview, status } = await recordedView(out);
    expect(status().unit).toBe(extensions.task?.unit);
    expect(wordsOf(overview, overview.configuration)).toEqual(wordsOf(dataset, overview.configuration));
    expect(overview.categories).toBeUndefined();
    expect(overview.metrics[0].label ?? overview.metrics[0].name).toBe(metric);
  });
});
