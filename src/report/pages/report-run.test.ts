import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sample } from '../../../test/run-command.js';
import { noImages } from '../../data/images/image-dataset.js';
import { loadDataset } from '../../data/images/node/load-dataset.js';
import { runFederation } from '../../federation/coordinator/run-federation.js';
import type { RunResult } from '../../federation/record/run-result.js';
import type { ConfigurationInput } from '../../protocol/configuration/configuration.js';
import { percent } from '../numbers.js';
import { reportRun } from './report-run.js';

const folder = mkdtempSync(join(tmpdir(), 'commonweight-report-'));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (...path: string[]) => join(folder, ...path);

const input: ConfigurationInput = {
  dataset: sample,
  partition: { name: 'h' },
  model: { name: 'mlp', hidden: [16] },
  optimizer: { name: 'adam', learningRate: 0.003 },
  local: { epochs: 1 },
  rounds: 2,
  reference: 0.9,
  compare: ['max'],
  shareLabelCounts: true,
};
let result: RunResult;
beforeAll(async () => {
  ({ result } = await runFederation(input, { out: at('whole'), workers: 2 }));
});
const text = (...path: string[]) => readFileSync(at(...path), 'utf8');
/** A copy of the run, to change. */
function copied(name: string): string {
  cpSync(at('whole'), at(name), { recursive: true });
  return at(name);
}

/** The cells of the table under this caption, as text. */
function tableOf(page: string, caption: string): string[][] {
  const start = page.indexOf('<table>', page.indexOf(`<span>${caption}`));
  const table = page.slice(start, page.indexOf('</table>', start));
  return [...table.matchAll(/<tr>(.*?)<\/tr>/gs)].map(([, row]) =>
    [...row!.matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/gs)].map(([, cell]) => cell!),
  );
}

describe('the report of a run', () => {
  it('has the figures of result.json', async () => {
    const { html } = await reportRun(at('whole'));
    const { rounds }: RunResult = JSON.parse(text('whole/result.json'));
    const [, ...rows] = tableOf(html, 'Accuracy by round');
    expect(rows).toEqual(
      rounds.map(({ round, participants, merged, copied }) => [
        String(round),
        ...participants.map(({ validation }) => percent(validation!.accuracy!)),
        ...participants.map(({ test }) => percent(test!.accuracy!)),
        ...['mean', 'max'].map((name) => percent(merged[name]!.test.accuracy!)),
        ...copied.map(({ validation }) => percent(validation.accuracy!)),
      ]),
    );
  });

  it('has confusion that adds up to the accuracy of the same model', async () => {
    const { html } = await reportRun(at('whole'));
    const [head, ...rows] = tableOf(html, 'Accuracy of each class on the test images, round 2');
    expect(head).toEqual([
      'class',
      'images',
      'environment-1, own model',
      'environment-2, own model',
      'merged (mean)',
      'merged (max)',
    ]);
    const mean = result.rounds[1]!.merged.mean!.test.accuracy!;
    const classes = rows.slice(0, 10);
    const correct = classes.map((row) => (Number(row[1]) * Number.parseFloat(row[4]!)) / 100);
    expect(correct.reduce((a, b) => a + b, 0)).toBeCloseTo(640 * mean, 0);
    expect(classes.reduce((sum, row) => sum + Number(row[1]), 0)).toBe(640);
  });

  it('shows pictures of the test set, and label counts where they are shared', async () => {
    const { html } = await reportRun(at('whole'));
    expect(html.match(/<img src="data:image\/png;base64,/g)!.length).toBeGreaterThan(4);
    const [head, first] = tableOf(html, 'Examples of each class');
    expect(head).toEqual(['participant', ...'0123456789', 'training', 'validation']);
    expect(first!.slice(6, 11)).toEqual(['0', '0', '0', '0', '0']);
  });

  it('is the same bytes again', async () => {
    expect(await reportRun(at('whole'))).toEqual(await reportRun(at('whole')));
  });

  it('shows no label counts where the run did not record them, even if it did before', async () => {
    const path = copied('silent');
    await runFederation({ ...input, shareLabelCounts: false }, { out: path, workers: 1 });
    expect(existsSync(join(path, 'label-counts.json'))).toBe(false);
    const { html, markdown } = await reportRun(path);
    expect(html).toContain('Label counts are not shown');
    expect(markdown).toContain('Label counts are not shared');
  });

  it('shows what there is of a run that an earlier version made', async () => {
    const path = copied('old');
    rmSync(join(path, 'rounds'), { recursive: true });
    rmSync(join(path, 'label-counts.json'));
    const file = join(path, 'configuration.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace(/^shareLabelCounts.*\n/m, ''));
    const { html } = await reportRun(path);
    expect(tableOf(html, 'Accuracy by round')).toHaveLength(3);
    expect(html.match(/class="note"/g)).toHaveLength(4);
  });

  it('says where a run is that was cut off', async () => {
    const path = copied('cut');
    const lines = text('whole/journal.jsonl').split('\n');
    const second = lines.findIndex((line) => line.includes('"merged"') && line.includes('"round":2'));
    writeFileSync(join(path, 'journal.jsonl'), `${lines.slice(0, second).join('\n')}\n{"type":"mer`);
    rmSync(join(path, 'result.json'));
    const before = readFileSync(join(path, 'journal.jsonl'));
    const { findings } = await reportRun(path);
    expect(findings[0]!.text).toMatch(/^The run is not finished: round 2 is under way, or was cut off/);
    expect(readFileSync(join(path, 'journal.jsonl'))).toEqual(before);
  });

  it('is without pictures where the data lies elsewhere by now, and says so', async () => {
    const path = copied('moved');
    const file = join(path, 'configuration.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace(sample, at('nowhere')));
    const { html } = await reportRun(path);
    expect(html).not.toContain('<img');
    expect(html).toContain(`The images cannot be shown: data: &quot;${at('nowhere')}&quot; is neither`);
  });

  it('is without pictures where others lie in their place, as many and of the same classes', async () => {
    const path = copied('others');
    const data = at('other pictures');
    cpSync(sample, data, { recursive: true });
    expect((await reportRun(path, { dataset: data })).html).toContain('<img');
    const images = join(data, 't10k-images-idx3-ubyte.gz');
    const bytes = gunzipSync(readFileSync(images));
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    writeFileSync(images, gzipSync(bytes));
    const { html } = await reportRun(path, { dataset: data });
    expect(html).not.toContain('<img');
    expect(html).toMatch(/The images cannot be shown: the test examples of .* are not those of the run/);
  });

  it('names a file of the run that cannot be read', async () => {
    const path = copied('broken');
    writeFileSync(join(path, 'rounds/round-2.json'), '{"round":2');
    await expect(reportRun(path)).rejects.toThrow(`"${join(path, 'rounds/round-2.json')}" cannot be read`);
  });

  it('is an error where there is no run', async () => {
    await expect(reportRun(at('nowhere'))).rejects.toThrow(`there is no folder "${at('nowhere')}"`);
    await expect(reportRun(folder)).rejects.toThrow(`"${folder}" holds no run`);
  });
});

describe('the details of a round', () => {
  it('are the same bytes when the round is done again', async () => {
    const path = copied('again');
    const lines = text('whole/journal.jsonl').split('\n');
    const second = lines.findIndex((line) => line.includes('"round":2'));
    writeFileSync(join(path, 'journal.jsonl'), `${lines.slice(0, second).join('\n')}\n`);
    rmSync(join(path, 'rounds/round-2.json'));
    await runFederation(input, { out: path, workers: 1 });
    expect(readFileSync(join(path, 'rounds/round-2.json'), 'utf8')).toBe(text('whole/rounds/round-2.json'));
  });
});

describe('a run whose coordinator holds no test images', () => {
  it('is measured by the participants alone, and no picture is shown', async () => {
    const { dataset: _, ...rest } = input;
    const { train, test } = await loadDataset(sample);
    const empty = noImages(test);
    const path = at('no-test');
    const data = { train, test: empty };
    const outcome = await runFederation(rest, { out: path, workers: 2, data });
    expect(outcome.result.rounds[1]!.merged).toEqual({});
    const { html, findings } = await reportRun(path);
    expect(findings.map(({ text }) => text).join()).toContain('The coordinator holds no test images. On the');
    expect(html).toContain('those of the participants are never shown');
    expect(html).not.toContain('<img');
    await expect(runFederation({ ...rest, pooled: true }, { data, workers: 1 })).rejects.toThrow(
      'options: "pooled" is set, but there are no test examples to measure it on',
    );
  });
});
