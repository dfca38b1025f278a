import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { commonweight } from '../../../test/command-in-process.js';

const folder = mkdtempSync(join(tmpdir(), 'commonweight-survey-'));
afterAll(() => rmSync(folder, { recursive: true }));
const inFolder = { cwd: folder };
const heart = resolve('data/heart-disease/federation.yaml');
const hospitals = ['cleveland', 'hungary', 'switzerland', 'long-beach'];

const settings = 'model: { name: mlp }\noptimizer: { name: adam }\nlocal: { epochs: 1 }\nrounds: 1\n';

describe('commonweight survey', () => {
  it('shows four hospitals beside each other in 100 columns, and where they differ', async () => {
    const { status, stdout, stderr } = await commonweight(['survey', heart], inFolder);
    expect(status, stderr).toBe(0);
    const lines = stdout.split('\n');
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(100);
    expect(lines[0]?.trim().split(/\s+/)).toEqual(['all', ...hospitals]);
    expect(lines[1]?.split(/\s+/)).toEqual(['rows', '920', '303', '294', '123', '200']);
    expect(stdout).toMatch(/disease +509 \(55%\) +139 \(46%\) +106 \(36%\) +115 \(93%\) +149 \(75%\)/);
    const sentences = lines.filter((line) => line.startsWith('- '));
    expect(sentences.length).toBeLessThanOrEqual(10);
    expect(sentences[0]).toContain('switzerland: all 123 rows have no chol');
    expect(stdout).toContain('hungary: 190 of 294 rows have no slope');
  });

  it('shows the total alone, and writes it', async () => {
    const asked = ['survey', heart, '--total', '--smallest', '1', '--json', 'survey.json'];
    const { status, stdout, stderr } = await commonweight(asked, inFolder);
    expect(status, stderr).toBe(0);
    for (const name of hospitals) expect(stdout).not.toContain(name);
    expect(stdout).not.toContain('few');
    const { smallestCount, total, sites } = JSON.parse(readFileSync(join(folder, 'survey.json'), 'utf8'));
    expect(sites).toBeUndefined();
    expect(smallestCount).toBe(1);
    expect(total.rows).toBe(920);
    expect(total.inputs.ca.missing).toEqual({ rows: 611, hiddenBy: 0 });
  });

  it('takes one table, and leaves a site with a few rows out', async () => {
    const table = (rows: number) =>
      `x,y\n${Array.from({ length: rows }, (_, i) => `${i},${i % 2 ? 'a' : 'b'}`).join('\n')}\n`;
    writeFileSync(join(folder, 'clinic.csv'), table(40));
    writeFileSync(join(folder, 'tiny.csv'), table(3));
    const data = 'kind: table, columns: { x: number }, target: { column: y, classes: [a, b] }';
    writeFileSync(
      join(folder, 'one.yaml'),
      `dataset: clinic.csv\ndata: { ${data} }\n${settings}partition: { name: iid, participants: 2 }\n`,
    );
    writeFileSync(join(folder, 'two.yaml'), `data: { ${data}, sites: [clinic.csv, tiny.csv] }\n${settings}`);
    const one = await commonweight(['survey', 'one.yaml'], inFolder);
    expect(one.status, one.stderr).toBe(0);
    expect(one.stdout).toMatch(/rows +40\n/);
    const two = await commonweight(['survey', 'two.yaml'], inFolder);
    expect(two.stdout).toMatch(/rows +40 +40 +few\n/);
    expect(two.stdout).toContain('fewer than 5 rows: tiny');
  });

  it('says what it cannot survey', async () => {
    writeFileSync(join(folder, 'pictures.yaml'), `data: [./a, ./b]\n${settings}`);
    const pictures = await commonweight(['survey', 'pictures.yaml'], inFolder);
    expect(pictures).toMatchObject({ status: 2, stderr: expect.stringContaining('expected a table') });
    const two = await commonweight(['survey', heart, '--smallest', '2'], inFolder);
    expect(two).toMatchObject({ status: 2, stderr: expect.stringContaining('--smallest is "2"') });
  });
});
