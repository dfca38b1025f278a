import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { classificationMetrics } from '../../metrics/classification.js';
import type { RoundDetails } from '../../protocol/round-details.js';
import { memoryStore } from '../record/memory-store.js';
import { detailsFile } from '../record/run-folder.js';
import type { RunState } from '../rounds/round.js';
import type { RoundEvent } from '../rounds/round-events.js';
import { applyEvent, startRun } from '../rounds/rounds.js';
import { shownDetails } from './live-view.js';

const sha256 = (round: number) => `${round}`.repeat(64);
const detailsOf = (round: number): RoundDetails => ({
  ...{ round, sha256: sha256(round), participants: ['a'] },
  drift: { norms: [1], cosines: [[1]] },
});
const factsOf = (round: number): RoundEvent[] => [
  {
    ...{ type: 'update-received', round },
    update: {
      participant: 'a',
      sha256: sha256(0),
      examples: 1,
      epochs: 1,
      examplesSeen: 1,
      loss: 1,
      seconds: 1,
    },
  },
  { type: 'merged', round, sha256: sha256(round), merged: {}, own: {}, seconds: 1 },
  { type: 'copy-evaluated', round, participant: 'a', validation: { accuracy: 0.5 } },
];
const rules = {
  participants: ['a'],
  rounds: 9,
  metrics: classificationMetrics,
  reference: undefined,
  pooled: false,
};

describe('a coordinator that is started again', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'commonweight-'));
    await mkdir(join(folder, 'rounds'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('shows what was measured before, as far as it can be read, and what is measured from now on', async () => {
    const store = memoryStore(() => sha256(0));
    for (const event of [1, 2, 3].flatMap(factsOf)) await store.append(event);
    await writeFile(join(folder, detailsFile(1)), JSON.stringify(detailsOf(1)));
    await writeFile(join(folder, detailsFile(2)), '{ damaged');
    const shown = await shownDetails(folder, store);
    await shown.store.keepDetails(detailsOf(4));
    for (const event of factsOf(4)) await shown.store.append(event);
    const { rounds } = shown.store.events.reduce<RunState>(applyEvent, startRun(rules));
    expect(rounds.map((record) => shown.details.of(record)?.round)).toEqual([
      ...[1, undefined, undefined, 4],
      // Under way.
      undefined,
    ]);
  });
});
