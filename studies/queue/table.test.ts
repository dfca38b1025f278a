import { describe, expect, it } from 'vitest';
import { fillRegions } from './documents.js';
import { formatKeptRuns, type KeptRun, parseKeptRuns } from './kept-run.js';
import { difference, fromVariation, merged, own, pooled, test, validation } from './measures.js';
import type { Study, StudyTable } from './study.js';
import { studyTable } from './table.js';

const mean = merged('mean');
const settings = {
  partition: { name: 'v' },
  model: { name: 'mlp' },
  optimizer: { name: 'sgd', learningRate: 0.1 },
  local: { epochs: 1 },
  rounds: 2,
} as const;

const study = (table: StudyTable, variations = ['a', 'b']): Study => ({
  name: 'example',
  description: '',
  base: settings,
  variations: variations.map((name) => ({ name })),
  seeds: [0, 1],
  table,
});

/** Two rounds, the second a hundredth better. */
const run = (variation: string, seed: number, accuracy: number, change: Partial<KeptRun> = {}): KeptRun => ({
  variation,
  seed,
  settings,
  versions: { runtime: 'onnxruntime-node 1.30.0', cpu: 'A Processor', node: '20.19.0' },
  stopped: { reason: 'max-rounds', round: 2 },
  rounds: [1, 2].map((round) => ({
    round,
    participants: [
      { name: 'environment-1', examples: 9, epochs: 1, testAccuracy: 0.6 },
      { name: 'environment-2', examples: 9, epochs: 1, testAccuracy: 0.7 },
    ],
    merged: { mean: { testAccuracy: accuracy + (round - 1) / 100 }, refit: { testAccuracy: 0.9 } },
    copied: [
      { name: 'environment-1', validationAccuracy: 0.8 },
      { name: 'environment-2', validationAccuracy: 0.9 },
    ],
    pooled: 0.8,
  })),
  ...change,
});

const runs = [run('a', 0, 0.7), run('a', 1, 0.72), run('b', 0, 0.6), run('b', 1, 0.66)];
const rowsOf = (text: string) => text.split('\n').filter((line) => line.startsWith('|'));

describe('the table of a study', () => {
  it('has mean ± sample standard deviation over seeds, n, and what the numbers were made with', () => {
    const measures = [validation, own, mean, test, pooled, difference(mean, pooled, 'mean − pooled')];
    expect(studyTable(study({ rows: 'variations', measures }), runs)).toBe(
      `|  | validation | own | mean | test | pooled | mean − pooled | n |
|---|---|---|---|---|---|---|---|
| a | 85.00 ± 0.00 | 65.00 ± 0.00 | 72.00 ± 1.41 | 90.00 ± 0.00 | 80.00 ± 0.00 | −8.00 ± 1.41 | 2 |
| b | 85.00 ± 0.00 | 65.00 ± 0.00 | 64.00 ± 4.24 | 90.00 ± 0.00 | 80.00 ± 0.00 | −16.00 ± 4.24 | 2 |

Mean ± sample standard deviation over seeds 0, 1; onnxruntime-node 1.30.0 on A Processor.`,
    );
  });

  it('takes differences between variations seed by seed', () => {
    const table = { rows: 'variations', measures: [fromVariation(mean, 'a', 'mean − a')] } as const;
    expect(rowsOf(studyTable(study(table), runs)).slice(2)).toEqual([
      '| a |  | 2 |',
      '| b | −8.00 ± 2.83 | 2 |',
    ]);
  });

  it('says what is not run, and what diverged, whose numbers do not count', () => {
    const table = { rows: 'variations', measures: [mean] } as const;
    const wild = { stopped: { reason: 'diverged', round: 2 } } as const;
    const some = [run('a', 0, 0.7), run('a', 1, 0.1, wild), run('c', 0, 0.1, wild)];
    const text = studyTable(study(table, ['a', 'b', 'c']), some);
    expect(rowsOf(text).slice(2)).toEqual([
      '| a | 71.00 | 2, 1 diverged |',
      '| b | not run yet |  |',
      '| c | diverged | 1, 1 diverged |',
    ]);
    expect(text).toContain('over seeds 0, 1, 3 of 6 runs so far;');
    expect(studyTable(study(table), [])).toBe('_not run yet_');
  });

  it('can have a row for each round', () => {
    const table = { rows: 'rounds', measures: [mean, pooled] } as const;
    expect(rowsOf(studyTable(study(table, ['a']), runs.slice(0, 2))).slice(2)).toEqual([
      '| 1 | 71.00 ± 1.41 | 80.00 ± 0.00 |',
      '| 2 | 72.00 ± 1.41 | 80.00 ± 0.00 |',
    ]);
  });

  it('can be a grid of two names', () => {
    const table = { rows: 'grid', measure: mean } as const;
    const names = ['mean, none', 'mean, noise', 'krum(f=2), none', 'krum(f=2), noise'];
    const kept = [run('mean, none', 0, 0.7), run('mean, noise', 0, 0.2), run('krum(f=2), none', 0, 0.6)];
    const text = studyTable(study(table, names), kept);
    expect(rowsOf(text)).toEqual([
      '|  | none | noise |',
      '|---|---|---|',
      '| mean | 71.00 | 21.00 |',
      '| krum(f=2) | 61.00 | not run yet |',
    ]);
    expect(text).toContain('Seed 0, 3 of 8 runs so far;');
  });
});

describe('what is kept of runs', () => {
  it('is read as it was written, a line a run', () => {
    const text = formatKeptRuns('example', runs);
    expect(text.trimEnd().split('\n')).toHaveLength(runs.length + 2);
    expect(parseKeptRuns(text, 'example.json')).toEqual(runs);
    expect(formatKeptRuns('example', parseKeptRuns(text, 'example.json'))).toBe(text);
    expect(parseKeptRuns(formatKeptRuns('example', []), 'example.json')).toEqual([]);
  });

  it('is refused where somebody changed it to what it cannot be', () => {
    const text = formatKeptRuns('example', runs).replace('"testAccuracy":0.6', '"testAccuracy":60');
    expect(() => parseKeptRuns(text, 'example.json')).toThrow('"example.json" cannot be read');
  });
});

describe('a document', () => {
  const tables = new Map([
    ['a', '| a |'],
    ['b', '| b |'],
  ]);

  it('has its regions filled, and keeps all else', () => {
    const text =
      'one\n<!-- results:b -->\nold\n<!-- /results -->\ntwo <!-- results:a --><!-- /results -->\nend\n';
    const filled = fillRegions(text, tables, 'doc.md');
    expect(filled).toBe(
      'one\n<!-- results:b -->\n| b |\n<!-- /results -->\ntwo <!-- results:a -->\n| a |\n<!-- /results -->\nend\n',
    );
    expect(fillRegions(filled, tables, 'doc.md')).toBe(filled);
    expect(fillRegions('no region', tables, 'doc.md')).toBe('no region');
  });

  it('is refused where a region is of no study, or has no end', () => {
    const fill = (text: string) => () => fillRegions(text, tables, 'doc.md');
    expect(fill('<!-- results:c --><!-- /results -->')).toThrow(
      '"doc.md" has a table of "c", expected one of a, b',
    );
    expect(fill('<!-- results:a --> text')).toThrow('the table of "a" has no end');
    expect(fill('<!-- results:a --> <!-- results:b --><!-- /results -->')).toThrow(
      'the table of "a" has no end',
    );
  });
});
