import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { claimRun, jobOf } from './run-claim.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'run-claim-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('the claim of a run', () => {
  it('keeps the job, and numbers those who lead it', async () => {
    const job = await jobOf(folder);
    for (const epoch of [1, 2, 3]) {
      const claim = await claimRun(folder);
      expect(claim.number).toBe(epoch);
      await claim.release();
      expect(await jobOf(folder)).toBe(job);
    }
    expect(readdirSync(folder)).toEqual(['job.json', 'lease-3.json']);
  });

  it('is one job for all who begin at once', async () => {
    const jobs = await Promise.all(Array.from({ length: 8 }, () => jobOf(folder)));
    expect(new Set(jobs).size).toBe(1);
    expect(readdirSync(folder)).toEqual(['job.json']);
  });

  it('names a job file that is damaged', async () => {
    const file = join(folder, 'job.json');
    writeFileSync(file, '{"job":');
    await expect(jobOf(folder)).rejects.toThrow(`"${file}" is damaged`);
  });
});
