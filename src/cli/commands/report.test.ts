import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commonweight } from '../../../test/command-in-process.js';
import { sample } from '../../../test/run-command.js';

const folder = mkdtempSync(join(tmpdir(), 'commonweight-report-'));
afterAll(() => rmSync(folder, { recursive: true }));
const inFolder = { cwd: folder };

beforeAll(async () => {
  const run = ['run', '--dataset', sample, '--network', '{"name":"mlp","hidden":[8]}', '--rounds', '1'];
  expect((await commonweight([...run, '--out', 'run'], inFolder)).status).toBe(0);
});

describe.concurrent('commonweight report', () => {
  it('writes a page and a summary into the folder of the run, and says what it found', async () => {
    const { status, stdout, stderr } = await commonweight(['report', 'run'], inFolder);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^Finished: 1 round done/);
    expect(stdout).toContain('written: run/report.html, run/report.md');
    expect(readFileSync(join(folder, 'run/report.html'), 'utf8')).toMatch(/^<!doctype html>/);
    expect(readFileSync(join(folder, 'run/report.md'), 'utf8')).toMatch(/^# /);
  });

  it('writes them where it is told', async () => {
    const args = ['report', 'run', '--out', 'page.html', '--markdown', 'page.md'];
    expect((await commonweight(args, inFolder)).status).toBe(0);
    expect(existsSync(join(folder, 'page.html')) && existsSync(join(folder, 'page.md'))).toBe(true);
  });

  it.each([
    [['report', 'nowhere'], 'there is no folder "nowhere"'],
    [['report', 'empty'], '"empty" holds no run: there is no configuration.yaml in it'],
    [
      ['report', 'run', '--out', 'no/page.html'],
      '--out "no/page.html" cannot be written: there is no folder "no"',
    ],
    [['report'], "missing required argument 'run'"],
  ])('%j is refused with one line, and status 2', async (args, message) => {
    mkdirSync(join(folder, 'empty'), { recursive: true });
    const { status, stdout, stderr } = await commonweight(args, inFolder);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr.split('\n')[0]).toBe(`commonweight: ${message}`);
  });
});
