/** Every variation of every study, cut to two rounds of two steps, or of an epoch of the sample. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { ConfigurationInput } from '../src/protocol/configuration/configuration.js';
import { queueOf, runQueue } from './queue/queue.js';
import { readOutcomes } from './queue/results-folder.js';
import { runsOf, type Study } from './queue/study.js';
import { studyTable } from './queue/table.js';
import { studies } from './studies.js';

const dataset = resolve(import.meta.dirname, '../test/fixtures/fashion-mnist-sample');
const folder = mkdtempSync(join(tmpdir(), 'commonweight-studies-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function cut(configuration: ConfigurationInput): ConfigurationInput {
  const { local, rounds, average } = configuration;
  return {
    ...configuration,
    dataset,
    // A folder would have that of its own pixels, and these are studies of another data set.
    normalization: configuration.normalization ?? { mean: [0], deviation: [1] },
    examples: undefined,
    rounds: Math.min(rounds, 2),
    evaluateEvery: 1,
    average: average?.name === 'swa' ? { ...average, from: 2 } : average,
    local: local.steps === undefined ? { ...local, epochs: 1 } : { steps: 2 },
  };
}

/** Its variations with one seed; of a grid the first and the last row. */
function cutStudy(study: Study): Study {
  const rowOf = (variation: string) => variation.split(', ')[0];
  const rows = study.variations.map(({ name }) => rowOf(name));
  return {
    ...study,
    seeds: [0],
    variations: runsOf(study)
      .filter(({ seed }) => seed === 0)
      .filter(
        ({ variation }) => study.table.rows !== 'grid' || [rows[0], rows.at(-1)].includes(rowOf(variation)),
      )
      .map(({ variation, configuration }) => ({ name: variation, change: cut(configuration) })),
  };
}

it.each(studies.map((study) => [study.name, cutStudy(study)] as const))(
  '%s runs, and leaves no cell of its table empty',
  async (_, study) => {
    const results = join(folder, 'results');
    expect(await runQueue(queueOf([study]), { results, runs: join(folder, 'runs'), workers: 2 })).toBe(
      'done',
    );
    const table = studyTable(study, await readOutcomes(results, study));
    const [, ...rows] = table.split('\n').filter((line) => line.startsWith('|'));
    // Pooled training is not compared with itself.
    for (const row of rows.filter((row) => !row.startsWith('| pooled |'))) {
      expect(row).not.toMatch(/\| +\||not run yet|diverged/);
    }
    expect(rows.length).toBeGreaterThan(1);
  },
);
