import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { readConfigurationFile } from '../cli/flags/configuration-file.js';
import type { ConfigurationInput } from '../protocol/configuration/configuration.js';
import { sitesTable } from '../report/text/sites-table.js';
import { compareFlamby } from './compare-flamby.js';

const file = resolve(import.meta.dirname, '../../data/heart-disease/federation.yaml');

it('the benchmark of four hospitals is repeated by its own recipe', async () => {
  const settings = (await readConfigurationFile(file)) as unknown as ConfigurationInput;
  const outcomes = await compareFlamby(settings, { splits: 2, workers: 1 });
  for (const { examples, federated, strategies, pooled, alone } of outcomes) {
    expect(examples).toEqual({ train: 486, test: 254 });
    expect(Object.keys(alone)).toEqual(['cleveland', 'hungary', 'switzerland', 'long-beach']);
    expect(pooled.accuracy).toBeGreaterThan(0.7);
    expect(pooled['accuracy-by-hospital']).toBeGreaterThan(0.7);
    expect(Object.keys(strategies ?? {})).toEqual([
      'FedProx',
      'SCAFFOLD',
      'FedAdam',
      'FedYogi',
      'FedAdagrad',
    ]);
    for (const figures of [federated, ...Object.values(strategies ?? {}), ...Object.values(alone)]) {
      expect(figures.accuracy).toBeGreaterThan(0.35);
      expect(figures['accuracy-by-hospital']).toBeGreaterThan(0.35);
    }
  }
  expect(outcomes[0]?.federated).not.toEqual(outcomes[1]?.federated);
  expect(await compareFlamby(settings, { splits: 1, workers: 2 })).toEqual(outcomes.slice(0, 1));
  expect(sitesTable(outcomes)).toMatch(/^federated, FedAvg +\d+\.\d ± \d+\.\d +\d+\.\d ± \d+\.\d/m);
});
