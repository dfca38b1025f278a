import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { RunResult } from '../src/federation/record/run-result.js';
import { slowClock } from './slowness.js';

const main = resolve(import.meta.dirname, '../dist/cli/main.js');
const folder = mkdtempSync(join(tmpdir(), 'commonweight-quick-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function reproduce(environment: string, ...flags: string[]) {
  const json = join(folder, `${environment}${flags.length}.json`);
  const began = performance.now();
  const { status, stderr } = spawnSync(
    process.execPath,
    [main, 'reproduce', environment, '--profile', 'quick', '--json', json, ...flags],
    { encoding: 'utf8' },
  );
  expect(stderr).toBe('');
  expect(status).toBe(0);
  return {
    result: JSON.parse(readFileSync(json, 'utf8')) as RunResult,
    seconds: (performance.now() - began) / 1000,
  };
}

describe('reproduce v --profile quick, on all of Fashion-MNIST', () => {
  const { result, seconds } = reproduce('v', '--workers', '2');
  const last = result.rounds.at(-1);
  console.info(
    `${seconds.toFixed(0)} s, merged mean ${last?.merged.mean?.test.accuracy}, ${result.model?.sha256}`,
  );

  it('merges to 90% or more on the test images', () => {
    expect(last?.merged.mean?.test.accuracy).toBeGreaterThanOrEqual(0.9);
  });

  it('ends because every participant passes its reference', () => {
    expect(result.stopped.reason).toBe('every-participant-passed');
    for (const { validation } of last?.copied ?? []) expect(validation.accuracy).toBeGreaterThanOrEqual(0.91);
  });

  it('compares mean with max and absmax', () => {
    expect(Object.keys(last?.merged ?? {})).toEqual(['mean', 'max', 'absmax']);
  });

  // Three minutes on two free cores; twice that where other work runs beside it.
  it('is done in minutes', () => {
    expect(seconds).toBeLessThan(360 * slowClock());
  });
});
