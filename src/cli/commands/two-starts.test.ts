import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { commonweight } from '../../../test/command-in-process.js';
import { sample, startedIn } from '../../../test/run-command.js';

const { folder, begin, end } = startedIn('commonweight-two-starts-');
afterAll(end);

const settings = `dataset: ${sample}
partition: { name: v, participants: 2 }
model: { name: mlp, hidden: [32] }
optimizer: { name: sgd, learningRate: 0.05 }
local: { epochs: 1 }
rounds: 400
`;
writeFileSync(join(folder, 'long.yaml'), settings);
writeFileSync(join(folder, 'short.yaml'), settings.replace('400', '1'));

describe('two processes in one folder', () => {
  it.each([
    ['run', ['run', 'long.yaml', '--workers', '1', '--out', 'run'], /round +1/],
    ['compare', ['compare', 'long.yaml', '--strategies', 'mean', '--seeds', '1', '--out', 'compared'], /./],
  ])('%s: the second is refused, and one that was killed is taken over at once', async (_, args, begun) => {
    const first = begin(args);
    await first.until(begun);
    const second = await commonweight(args, { cwd: folder });
    const out = args.at(-1) as string;
    expect(second.stderr).toMatch(
      new RegExp(
        `^commonweight: "${out}[^"]*" is in use by process ${first.child.pid} on \\S+\\n  wait until`,
      ),
    );
    expect(second.status).toBe(75);
    first.child.kill('SIGKILL');
    await first.ended;
    const third = begin(args);
    await third.until(begun);
    third.child.kill('SIGINT');
    expect(await third.ended).toMatchObject({ status: 130 });
    expect((await third.ended).stdout).not.toContain('was last used by');
  });

  it('serve: the second is refused, before it listens', async () => {
    const args = ['serve', 'short.yaml', '--out', 'served', '--port', '0'];
    const first = begin(args);
    await first.until(/the hub listens on/);
    const second = await commonweight(args, { cwd: folder });
    expect(second.status).toBe(75);
    expect(second.stdout).not.toContain('listens');
    expect(second.stderr).toContain(`"served" is in use by process ${first.child.pid}`);
  });

  it('join: the second is refused before it takes the place of the first', async () => {
    writeFileSync(join(folder, 'token'), 'A'.repeat(43));
    mkdirSync(join(folder, 'joined'));
    const holder = parse(readFileSync(join(folder, 'served', 'lease-1.json'), 'utf8'));
    writeFileSync(join(folder, 'joined', 'lease-1.json'), JSON.stringify(holder));
    const args = ['join', 'http://127.0.0.1:9', '--token-file', 'token', '--data', sample, '--out', 'joined'];
    const { status, stderr } = await commonweight(args, { cwd: folder });
    expect(stderr).toContain('"joined" is in use by process');
    expect(status).toBe(75);
  });
});
