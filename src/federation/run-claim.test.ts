import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
      expect(claim.epoch).toBe(epoch);
      await claim.release();
      expect(await jobOf(folder)).toBe(job);
    }
    expect(readdirSync(folder)).toEqual(['job.json']);
  });

  it('is one job for all who begin at once', async () => {
    const jobs = await Promise.all(Array.from({ length: 8 }, () => jobOf(folder)));
    expect(new Set(jobs).size).toBe(1);
    expect(readdirSync(folder)).toEqual(['job.json']);
  });

  it('is refused while another process leads, and taken over from one that was killed', async () => {
    const lock = join(folder, 'coordinator.lock');
    const { host } = await holder();
    writeFileSync(lock, JSON.stringify({ host, pid: process.ppid }));
    await expect(claimRun(folder)).rejects.toThrow(
      `"${folder}" is led by process ${process.ppid} on ${host}`,
    );
    // Beyond what Linux gives to processes; and a kill in the middle of writing it.
    for (const left of [JSON.stringify({ host, pid: 2 ** 30 }), '']) {
      writeFileSync(lock, left);
      await (await claimRun(folder)).release();
    }
  });

  it('names a job file that is damaged', async () => {
    const file = join(folder, 'job.json');
    writeFileSync(file, '{"job":');
    await expect(jobOf(folder)).rejects.toThrow(`"${file}" is damaged`);
  });
});

async function holder(): Promise<{ host: string }> {
  const claim = await claimRun(folder);
  const text = readFileSync(join(folder, 'coordinator.lock'), 'utf8');
  await claim.release();
  return JSON.parse(text);
}
