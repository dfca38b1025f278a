import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { everyCase } from '../../../test/every-case.js';
import { handedOut } from '../../../test/handed-out.js';
import { natsServer, withoutNats } from '../../../test/nats-server.js';
import { sample, startedIn } from '../../../test/run-command.js';
import { watchHub } from '../../../test/watch-hub.js';

const { folder, begin, end } = startedIn('commonweight-watch-');
afterAll(end);

const settings = `
dataset: ${sample}
partition: { name: v, participants: 2 }
participants: [site-a, site-b]
model: { name: mlp, hidden: [4] }
optimizer: { name: sgd, learningRate: 0.05 }
local: { epochs: 1 }
rounds: 2
`;

/** A run by processes, watched by its operator from before anybody takes part to the end. */
async function watchedRun(out: string, nats?: string) {
  writeFileSync(join(folder, 'federation.yaml'), settings);
  const over = nats === undefined ? [] : ['--nats', nats, '--nats-object-store'];
  const serving = begin(['serve', 'federation.yaml', '--out', out, '--port', '0', ...over]);
  let printed = '';
  serving.child.stdout?.on('data', (text: string) => {
    printed += text;
  });
  await serving.until(/^round 1 of 2, training/m);
  const { tokens } = handedOut(join(folder, out));
  const tokenOf = (name: string) => tokens.get(name) ?? '';
  const url = /listens on (\S+)/.exec(printed)?.[1] ?? '';
  const watcher = await watchHub(url, tokenOf('operator'), { round: 1, log: 0 });
  for (const [k, name] of ['site-a', 'site-b'].entries()) {
    const who = nats === undefined ? ['--token', tokenOf(name)] : ['--name', name];
    const share = ['--data', sample, '--partition', `v:${k + 1}/2`, '--out', `${out}-${name}`];
    begin(['join', nats ?? url, ...who, ...share]);
  }
  const { status, stdout, stderr } = await serving.ended;
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  await watcher.closed;
  return { watcher, printed: stdout, tokens: [...tokens.values()] };
}

describe('an observer of commonweight serve', () => {
  it('is told what serve says of the run, and no token', async () => {
    const { watcher, printed, tokens } = await watchedRun('hub');
    const log = watcher.of('log').flatMap(({ entries }) => entries);
    const lines = printed.split('\n');
    for (const { text } of log) expect(lines).toContain(text);
    expect(log.map(({ text }) => text)).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^round 1 of 2, training: 0 of 2 updates in; waits for site-a/),
        expect.stringMatching(/^site-a takes part, with/),
        expect.stringMatching(/^round 2 {2}merged 2 updates, on the test images: mean/),
      ]),
    );
    const [first = { sequence: 0 }] = log;
    expect(log.map(({ sequence }) => sequence)).toEqual(log.map((_, k) => first.sequence + k));
    expect(tokens).toHaveLength(4);
    for (const token of tokens) {
      expect(watcher.texts.join('\n')).not.toContain(token);
      // It may end in a journal that many read.
      expect(printed).not.toContain(token);
    }
    expect(watcher.of('status').at(-1)?.status).toMatchObject({ phase: 'finished', reason: 'max-rounds' });
    expect(watcher.of('status').at(-1)?.traffic).toBeDefined();
  });

  if (everyCase)
    it.skipIf(withoutNats)(
      'watches by the hub when the participants come over NATS',
      async () => {
        const server = await natsServer();
        try {
          const { watcher } = await watchedRun('nats', server.url);
          const presence = new Set(
            watcher.of('status').flatMap(({ status }) => status.participants.map((one) => one.presence)),
          );
          expect(presence).toContain('here');
          const rounds = watcher.of('rounds').flatMap((frame) => frame.rounds);
          expect(new Set(rounds.map(({ result }) => result.round))).toEqual(new Set([1, 2]));
          // Nothing of it came by the hub.
          expect(watcher.of('status').at(-1)).toMatchObject({ status: { phase: 'finished' } });
          expect(watcher.of('status').at(-1)?.traffic).toBeUndefined();
        } finally {
          await server.stop();
        }
      },
      120_000,
    );
});
