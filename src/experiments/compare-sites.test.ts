import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { readConfigurationFile } from '../cli/flags/configuration-file.js';
import { pagingIn } from '../data/paged/node/paging.js';
import type { ConfigurationInput } from '../protocol/configuration/configuration.js';
import { sitesTable } from '../report/text/sites-table.js';
import { compareSites } from './compare-sites.js';

const file = resolve(import.meta.dirname, '../../data/heart-disease/federation.yaml');
const short = { rounds: 2, local: { steps: 4 }, metrics: ['accuracy', 'auroc'] } as const;
const settings = async () =>
  ({ ...(await readConfigurationFile(file)), ...short }) as unknown as ConfigurationInput;

it('a federation of hospitals is compared with pooled training and each of them alone', async () => {
  const outcomes = await compareSites(await settings(), { splits: 2, workers: 1 });
  expect(outcomes.map(({ split }) => split)).toEqual([1, 2]);
  for (const { examples, federated, pooled, alone } of outcomes) {
    expect(examples).toEqual({ train: 613, test: 307 });
    expect(Object.keys(alone)).toEqual(['cleveland', 'hungary', 'switzerland', 'long-beach']);
    for (const { accuracy, auroc } of [federated, pooled, ...Object.values(alone)]) {
      expect(accuracy).toBeGreaterThan(0.4);
      expect(auroc).toBeGreaterThan(0.4);
    }
  }
  expect(outcomes[0]?.federated).not.toEqual(outcomes[1]?.federated);
  // The same with other workers, and with all rows in files.
  const room = mkdtempSync(join(tmpdir(), 'compare-sites-'));
  const paging = pagingIn(0, room);
  const [again] = await compareSites(await settings(), { splits: 1, workers: 2, paging });
  expect(again).toEqual(outcomes[0]);
  rmSync(room, { recursive: true });
  const text = sitesTable([...outcomes, ...outcomes.slice(0, 1)]);
  expect(text).toMatch(/307 test rows .* 3 random splits/);
  const strategies = outcomes.map((outcome) => ({ ...outcome, strategies: { FedAdam: outcome.federated } }));
  expect(sitesTable(strategies)).toMatch(
    /FedAvg − this +accuracy: pooled − this\nfederated, FedAvg +.* points.*\nfederated, FedAdam +.* 0\.0 points/,
  );
  expect(text).toMatch(
    /^switzerland alone +\d+\.\d ± \d+\.\d +0\.\d+ ± 0\.\d+ +-?\d+\.\d points \(.* to .*\)$/m,
  );
});
