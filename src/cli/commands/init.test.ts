import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { commonweight } from '../../../test/command-in-process.js';

const folder = mkdtempSync(join(tmpdir(), 'commonweight-init-'));
afterAll(() => rmSync(folder, { recursive: true }));
copyFileSync(resolve('data/heart-disease/hungary.csv'), join(folder, 'hungary.csv'));

describe('commonweight init', () => {
  it('writes the file of a federation beside a table, and replaces none', async () => {
    const { status, stdout, stderr } = await commonweight(['init', 'hungary.csv'], { cwd: folder });
    expect(status, stderr).toBe(0);
    expect(stdout).toContain('federation.yaml: 14 columns of 294 rows');
    const { dataset, data } = parse(readFileSync(join(folder, 'federation.yaml'), 'utf8'));
    expect(dataset).toBe('./hungary.csv');
    // What is named as the next step works as it is.
    expect(stdout).toContain('commonweight survey federation.yaml');
    expect(stdout).toContain('commonweight run federation.yaml');
    const survey = await commonweight(['survey', 'federation.yaml'], { cwd: folder });
    expect(survey.status, survey.stderr).toBe(0);
    const run = await commonweight(['run', 'federation.yaml', '--rounds', '1'], { cwd: folder });
    expect(run.status, run.stderr).toBe(0);
    expect(data.columns.thal).toEqual(['fixed defect', 'normal', 'reversable defect']);
    const again = await commonweight(['init', 'hungary.csv'], { cwd: folder });
    expect(again.status).toBe(2);
    expect(again.stderr).toContain('"federation.yaml" is there already');
  });

  it('says what is wrong with the table or the target', async () => {
    const target = ['init', 'hungary.csv', '--target', 'nun', '--out', 'other.yaml'];
    expect(await commonweight(target, { cwd: folder })).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('did you mean "num"?'),
    });
    const absent = await commonweight(['init', 'nowhere.csv', '--out', 'other.yaml'], { cwd: folder });
    expect(absent).toMatchObject({ status: 2, stderr: expect.stringContaining('is not there') });
  });
});
