import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { chooseStrategies } from '../src/federation/plan/chosen-strategies.js';
import { parseConfiguration } from '../src/protocol/configuration/configuration.js';
import { stepsBefore } from '../src/training/step-schedule.js';
import { readDocuments } from './queue/documents.js';
import { estimatedMinutes } from './queue/estimate.js';
import { runsOf } from './queue/study.js';
import { studies } from './studies.js';

const docs = resolve(import.meta.dirname, '../docs');

describe('the docs', () => {
  it('have the tables that docs/results gives: npm run results -- tables', async () => {
    for (const { text, generated } of await readDocuments(docs, join(docs, 'results'), studies)) {
      expect(text).toBe(generated);
    }
  });

  it('have a table of every study', async () => {
    const documents = await readDocuments(docs, join(docs, 'results'), studies);
    const all = documents.map(({ text }) => text).join('');
    const missing = studies.filter(({ name }) => !all.includes(`<!-- results:${name} -->`));
    expect(missing.map(({ name }) => name)).toEqual([]);
  });
});

describe('the studies', () => {
  it('go by names of their own, as do their runs', () => {
    expect(new Set(studies.map(({ name }) => name)).size).toBe(studies.length);
    for (const study of studies) {
      const names = runsOf(study).map(({ variation, seed }) => `${variation} ${seed}`);
      expect(new Set(names).size).toBe(names.length);
    }
  });

  it.each(studies.map((study) => [study.name, study] as const))(
    '%s has settings and strategies that a run takes, and a time',
    (name, study) => {
      for (const { configuration, variation } of runsOf(study)) {
        const source = `${name}/${variation}`;
        chooseStrategies(parseConfiguration(configuration, source), [], source);
        expect(estimatedMinutes(configuration)).toBeGreaterThan(0);
      }
    },
  );

  it.each([
    ['h-merges', 2000],
    ['h-best', 3400],
  ])('compare the ways to merge in H with the same number of local steps: %s', (name, steps) => {
    const study = studies.find((one) => one.name === name);
    for (const { configuration } of study ? runsOf(study) : []) {
      const { local, rounds, partition, batchSize } = parseConfiguration(configuration, name);
      expect(stepsBefore(local.steps ?? 0, rounds + 1)).toBe(steps);
      expect(partition.participants * batchSize).toBe(128);
    }
    expect(study).toBeDefined();
  });
});
