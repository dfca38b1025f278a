/** What a run comes to whose updates are clipped: nobody moves the model by more than the bound. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { base } from '../../../test/served-federation.js';
import { runFederation } from './run-federation.js';

const bound = 0.05;

it.each([
  { name: 'scaled', attackers: 1, scale: 1000 },
  { name: 'alie', attackers: 1, z: 1e4 },
] as const)('clips whatever leaves, of attackers by $name too', async (attack) => {
  const out = mkdtempSync(join(tmpdir(), 'commonweight-clipped-'));
  try {
    const settings = { ...base, partition: { name: 'v', participants: 3 }, rounds: 1 } as const;
    await runFederation({ ...settings, attack, clipUpdate: bound }, { out, workers: 1 });
    const { drift } = JSON.parse(readFileSync(join(out, 'rounds/round-1.json'), 'utf8'));
    // Unclipped, an honest update moves by more than 0.15.
    for (const norm of drift.norms) expect(norm).toBeCloseTo(bound, 5);
    expect(drift.norms).toHaveLength(3);
  } finally {
    rmSync(out, { recursive: true });
  }
});
