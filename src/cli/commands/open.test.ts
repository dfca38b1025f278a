import { cpSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commonweight } from '../../../test/command-in-process.js';
import { sample, startedIn } from '../../../test/run-command.js';
import { dialHub, watchHub } from '../../../test/watch-hub.js';
import type { RunResult } from '../../federation/record/run-result.js';

const { folder, begin, end } = startedIn('commonweight-open-');
afterAll(end);
const inFolder = { cwd: folder };

const settings = `
dataset: ${sample}
partition: { name: v, participants: 2 }
model: { name: mlp, hidden: [8] }
optimizer: { name: sgd, learningRate: 0.05 }
local: { epochs: 1 }
shareLabelCounts: true
rounds: 2
`;

/** Names, sizes and times of all that is in it. */
const contents = () =>
  readdirSync(join(folder, 'run'), { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => {
      const { size, mtimeMs } = statSync(join(folder, 'run', name));
      return [name, size, mtimeMs];
    });

async function opened(run: string) {
  const command = begin(['open', run]);
  let printed = '';
  command.child.stdout?.on('data', (text: string) => {
    printed += text;
  });
  await command.until(/Ctrl-C ends it/);
  const [, url = '', token = ''] = /^open (http:\/\/127\.0\.0\.1:\d+)\/#token=(\S+)$/m.exec(printed) ?? [];
  return { command, url, token };
}

beforeAll(async () => {
  writeFileSync(join(folder, 'federation.yaml'), settings);
  const { status, stderr } = await commonweight(['run', 'federation.yaml', '--out', 'run'], inFolder);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});

describe.concurrent('commonweight open', () => {
  it('shows a run as it was, to whoever has the link, until Ctrl-C, and changes nothing', async () => {
    const before = contents();
    const { command, url, token } = await opened('run');
    const watcher = await watchHub(url, token, { round: 1, log: 0 });
    await watcher.until(() => watcher.of('rounds').some(({ rounds }) => rounds.some((one) => one.pictures)));
    const result = JSON.parse(readFileSync(join(folder, 'run/result.json'), 'utf8')) as RunResult;
    const rounds = new Map(
      watcher.of('rounds').flatMap(({ rounds }) => rounds.map((one) => [one.result.round, one] as const)),
    );
    expect([...rounds.values()].map((one) => one.result)).toEqual(result.rounds);
    for (const [round, { details }] of rounds) {
      expect(details).toEqual(
        JSON.parse(readFileSync(join(folder, `run/rounds/round-${round}.json`), 'utf8')),
      );
    }
    const [overview] = watcher.of('overview');
    expect(overview?.overview).toMatchObject({
      testExamples: true,
      configuration: { ...result.settings, dataset: basename(sample) },
      participants: ['environment-1', 'environment-2'],
      commonweight: result.versions.commonweight,
    });
    // The sample's files have no names of classes.
    expect(overview?.overview.categories).toEqual(Array.from({ length: 10 }, (_, label) => `${label}`));
    const [status] = watcher.of('status');
    expect(status?.status).toMatchObject({ phase: 'finished', round: 2, reason: 'max-rounds' });
    const modelBytes = 4 * (784 * 8 + 8 + 8 * 10 + 10);
    expect(status?.traffic).toEqual({ received: 4 * modelBytes, sent: 4 * modelBytes });
    const counts = watcher.of('labels')[0]?.counts ?? {};
    expect(
      Object.values(counts)
        .flat()
        .reduce((a, b) => a + b, 0),
    ).toBe(1280);

    const page = await fetch(`${url}/`);
    expect([page.status, page.headers.get('content-type')]).toEqual([
      200,
      expect.stringContaining('text/html'),
    ]);
    expect((await fetch(`${url}/status`)).status).toBe(404);

    const stranger = dialHub(url, 'x'.repeat(43));
    expect(await stranger.closed).toBe(1008);
    expect(stranger.of('refused')).toMatchObject([{ reason: 'token' }]);

    command.child.kill('SIGINT');
    expect(await command.ended).toMatchObject({ status: 0, stderr: '' });
    await watcher.closed;
    expect(contents()).toEqual(before);
  });

  it('goes without test pictures where the images are not there any more', async () => {
    const file = join(folder, 'moved/configuration.yaml');
    cpSync(join(folder, 'run'), join(folder, 'moved'), { recursive: true });
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll(sample, join(folder, 'images')));
    const { command, url, token } = await opened('moved');
    const watcher = await watchHub(url, token, { round: 2, log: 0 });
    await watcher.until(() => watcher.of('rounds').length > 0);
    expect(watcher.of('rounds')[0]?.rounds).toMatchObject([{ result: { round: 2 }, details: { round: 2 } }]);
    command.child.kill('SIGINT');
    const { stdout } = await command.ended;
    expect(stdout).toContain(`no test pictures are shown: `);
  });

  it('shows a run that has brought nothing yet', async () => {
    cpSync(join(folder, 'run/configuration.yaml'), join(folder, 'begun/configuration.yaml'));
    const { command, url, token } = await opened('begun');
    const { of } = await watchHub(url, token, { round: 1, log: 0 });
    expect(of('overview')[0]?.overview.participants).toHaveLength(2);
    expect(of('status')).toMatchObject([{ status: { phase: 'training', round: 1, rounds: 2 } }]);
    command.child.kill('SIGINT');
    await command.ended;
  });

  it.each([
    [['open', 'nowhere'], 'there is no folder "nowhere"'],
    [['open'], "missing required argument 'run'"],
    [['open', 'run', '--port', '70000'], '--port'],
  ])('%j is refused with one line, and status 2', async (args, message) => {
    const { status, stdout, stderr } = await commonweight(args, inFolder);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr.split('\n')[0]).toContain(message);
  });
});
