import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { ManyParticipants } from './many-participants.js';

const folder = mkdtempSync(join(tmpdir(), 'many-participants-'));
afterAll(() => rmSync(folder, { recursive: true }));

function runInProcess(participants: number): ManyParticipants & { readonly peakBytes: number } {
  const script = join(import.meta.dirname, 'many-participants.ts');
  const args = ['--import', 'tsx', script, String(participants), join(folder, String(participants))];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }));
}

it('ten thousand participants need as many open files as a thousand, and hardly more memory', () => {
  const [few, many] = [runInProcess(1000), runInProcess(10_000)];
  for (const [participants, { seconds, peakBytes, openFiles }] of [
    [1000, few],
    [10_000, many],
  ] as const) {
    const megabytes = Math.round(peakBytes / 2 ** 20);
    console.log(
      `${participants} participants: ${seconds.toFixed(0)} s, ${megabytes} MB, ${openFiles} open files`,
    );
  }
  // Threads and timers have a few of their own, more or fewer at the moment of the count.
  expect(Math.abs((many.openFiles ?? 0) - (few.openFiles ?? 0))).toBeLessThan(16);
  // What is known of each participant (name, facts, figures) is some kilobytes.
  expect(many.peakBytes - few.peakBytes).toBeLessThan(300 * 2 ** 20);
}, 1_800_000);
