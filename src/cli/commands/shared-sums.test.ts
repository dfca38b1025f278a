/**
 * Two hospitals as processes that share the sums behind their figures, one of them without small
 * counts. The coordinator is killed after a round, and comes to what an undisturbed one comes to.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { commonweight } from '../../../test/command-in-process.js';
import { freePort } from '../../../test/free-port.js';
import { root, type Started, startedIn } from '../../../test/run-command.js';
import { servedOverHub } from '../../../test/served-over-hub.js';
import type { RunResult } from '../../federation/record/run-result.js';
import type { ConfigurationInput } from '../../protocol/configuration/configuration.js';

const { folder, begin, end } = startedIn('commonweight-shared-sums-');
afterAll(end);
const at = (...path: string[]) => join(folder, ...path);
const heart = (file: string) => join(root, 'data/heart-disease', file);
const sharing = { cleveland: 1, hungary: 5 } as const;
const settings: ConfigurationInput = {
  ...parse(readFileSync(heart('across-machines.yaml'), 'utf8')),
  ...{ participants: Object.keys(sharing), partition: { name: 'own', participants: 2 } },
  ...{ seed: 1, rounds: 3, evaluateEvery: 1, decision: 'youden' },
  metrics: ['auroc', 'calibration-error', 'accuracy'],
};

describe('join --smallest', () => {
  it.each([
    ['0', '--smallest is "0", expected a whole number from 1 to 1000'],
    ['1.5', '--smallest is "1.5", expected a whole number from 1 to 1000'],
    ['-1', '--smallest is "-1", expected a whole number from 1 to 1000'],
    ['few', '--smallest is "few", expected a whole number from 1 to 1000'],
    ['2', '--smallest is "2", expected 1 or a whole number from 3 to 1000'],
    ['1001', '--smallest is "1001", expected a whole number from 1 to 1000'],
  ])('refuses %s in one line', async (smallest, said) => {
    const args = ['join', 'http://127.0.0.1:9', '--data', heart('hungary.csv'), '--share-sums'];
    const { status, stderr, stdout } = await commonweight([...args, '--smallest', smallest]);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr.split('\n')[0]).toBe(`commonweight: ${said}`);
    expect(stderr).not.toMatch(/^ {4}at /m);
  });

  it('is refused without --share-sums, with what to do', async () => {
    const args = ['join', 'http://127.0.0.1:9', '--data', heart('hungary.csv'), '--smallest', '5'];
    const { status, stderr } = await commonweight(args);
    expect(status).toBe(2);
    expect(stderr).toMatch(
      /^commonweight: --smallest is given, but no sums are shared.*\n {2}give --share-sums/,
    );
  });
});

describe('a federation whose participants share sums', () => {
  const result = (): RunResult => JSON.parse(readFileSync(at('run', 'result.json'), 'utf8'));
  let said = '';
  beforeAll(async () => {
    writeFileSync(at('federation.yaml'), stringify(settings));
    const port = await freePort();
    const serve = () => begin(['serve', 'federation.yaml', '--out', 'run', '--port', `${port}`]);
    const first = serve();
    await first.until(/to watch: /);
    const joining = Object.entries(sharing).map(([name, smallest]): Started => {
      const who = ['--token-file', 'run/new-tokens.txt', '--name', name, '--data', heart(`${name}.csv`)];
      const sums = ['--share-sums', '--smallest', `${smallest}`];
      return begin(['join', `http://127.0.0.1:${port}`, ...who, ...sums]);
    });
    await first.until(/^.*round 1 .*$/m);
    first.child.kill('SIGKILL');
    expect((await first.ended).status).toBe(null);
    const second = serve();
    const { status, stdout, stderr } = await second.ended;
    expect([status, stderr]).toEqual([0, '']);
    said = stdout.replaceAll(/\s+/g, ' ');
    for (const { ended } of joining) expect(await ended).toMatchObject({ status: 0 });
  });

  it('comes to the same sums and cut-off after its coordinator was killed', async () => {
    const joining = Object.entries(sharing).map(([name, smallestCount]) => [
      name,
      { data: heart(`${name}.csv`), shareSums: { smallestCount } },
    ]);
    const undisturbed = await servedOverHub(at(), settings, {}, Object.fromEntries(joining));
    const without = (rounds: RunResult['rounds']) => rounds.map(({ seconds: _, ...round }) => round);
    const { rounds, decision, sharing: who, model } = result();
    expect(without(rounds)).toEqual(without(undisturbed.result.rounds));
    expect(decision).toEqual(undisturbed.result.decision);
    expect(decision?.participants).toBe(2);
    expect(who).toEqual(Object.keys(sharing));
    expect(model?.sha256).toBe(undisturbed.result.model?.sha256);
    for (const file of ['metrics.csv', 'model.safetensors']) {
      expect(readFileSync(at('run', file)).equals(readFileSync(join(undisturbed.out, file)))).toBe(true);
    }
  });

  it('shows the figures together, and of how many they are, in CSV, terminal and report', async () => {
    const { rounds } = result();
    const { auroc, 'calibration-error': calibration } = rounds[2]!.together!;
    // Of Hungary's bins, some have small counts.
    expect([auroc?.participants, calibration?.participants]).toEqual([2, 1]);
    const [head, ...lines] = readFileSync(at('run', 'metrics.csv'), 'utf8').trim().split('\n');
    expect(head).toBe('round,model,set,auroc,calibration-error,accuracy,loss,participants');
    const columns = lines.map((line) => line.split(','));
    expect(new Set(columns.map(({ length }) => length))).toEqual(new Set([8]));
    const together = columns.filter(([round, model]) => round === '3' && model === 'copies together');
    expect(together.map((cells) => cells.at(-1))).toEqual(['2', '1']);
    expect(together.map(([, , , area, error]) => [area, error])).toEqual([
      [`${auroc?.figure}`, ''],
      ['', `${calibration?.figure}`],
    ]);
    expect(columns.filter(([, model]) => model === 'copy at hungary').map((cells) => cells.at(-1))).toEqual([
      ...['', '', ''],
    ]);

    const written = auroc!.figure!.toFixed(3);
    const line = `he copied model of round 3 has AUROC ${written} on the validation examples of 2 of 2 participants, all together`;
    expect(said).toContain(line);
    expect(said).toContain('validation examples of 2 of 2 participants: sensitivity');
    expect((await commonweight(['report', 'run'], { cwd: folder })).status).toBe(0);
    expect(readFileSync(at('run', 'report.md'), 'utf8')).toContain(line);
    const html = readFileSync(at('run', 'report.html'), 'utf8');
    expect(html).toMatch(/<th[^>]*>together, copy<\/th>/);
    expect(html).toContain(`${written} (2 of 2)`);
    expect(html).toContain(`${calibration!.figure!.toFixed(3)} (1 of 2)`);
  });
});
