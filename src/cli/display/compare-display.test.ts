import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { terminalOutput } from '../../../test/terminal-output.js';
import { imageFacts } from '../../data/images/image-dataset.js';
import type { RunPosition } from '../../experiments/compare-strategies.js';
import type { RunStart } from '../../federation/coordinator/run-federation.js';
import type { RunResult } from '../../federation/record/run-result.js';
import { startRun } from '../../federation/rounds/rounds.js';
import { classificationMetrics } from '../../metrics/classification.js';
import { comparisonDisplay } from './compare-display.js';

const place: RunPosition = { strategy: 'mean', seed: 7, run: 2, runs: 6 };
const state = startRun({
  participants: ['a'],
  rounds: 4,
  metrics: classificationMetrics,
  reference: undefined,
  pooled: false,
});
const configuration = { task: { name: 'classification' } };
const event = { type: 'copy-evaluated', round: 3, participant: 'a', validation: { accuracy: 0.8 } } as const;
const result = {
  rounds: [
    { round: 1, seconds: 1, participants: [], merged: { mean: { test: { accuracy: 0.5 } } }, copied: [] },
  ],
  settings: {},
  metrics: classificationMetrics,
  stopped: { reason: 'diverged', round: 2 },
} as unknown as RunResult;

function shown(columns?: number) {
  const output = terminalOutput(columns === undefined ? undefined : { columns, rows: 40 });
  const display = comparisonDisplay(output);
  const train = imageFacts([1, 2, 2], ['a', 'b']);
  display.onStart(place, { state, data: { train }, configuration } as unknown as RunStart);
  display.onEvent(place, event, state);
  display.onResult(place, result);
  display.close();
  return stripVTControlCharacters(output.text());
}

const done =
  /run 2 of 6 {2}seed 7 {2}mean {2}50\.00% on the test images after 1 round, then training diverged {2}\d/;

describe('the display of a comparison', () => {
  // A terminal is one wherever the tests run.
  beforeEach(() => {
    vi.stubEnv('CI', '');
    vi.stubEnv('TERM', 'xterm');
  });
  afterEach(() => vi.unstubAllEnvs());

  it('says line by line what each run came to', () => {
    expect(shown()).toMatch(done);
    expect(shown().split('\n')).toHaveLength(2);
  });

  it('shows in a terminal which round is under way, within its width', () => {
    expect(shown(120)).toMatch(done);
    expect(shown(120)).toMatch(/run 2 of 6 {2}█████░+ {2}seed 7 {2}mean {2}round 3 of 4 .*Ctrl-C interrupts/);
    expect(shown(60)).not.toContain('Ctrl-C');
  });
});
