import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { commonweight } from '../../../test/command-in-process.js';
import { handedOut } from '../../../test/handed-out.js';
import { sample, startedIn } from '../../../test/run-command.js';
import { joinHub } from '../../transport/hub/client/node/join-hub.js';
import { operateHub } from '../../transport/hub/client/node/operate-hub.js';

const { folder: cwd, begin, end } = startedIn('commonweight-operate-');
afterAll(end);

/** A run whose first round takes longer than any test. */
const endless = `
dataset: ${sample}
partition: { name: own, participants: 2 }
participants: [site-a, site-b]
model: { name: mlp, hidden: [4] }
optimizer: { name: sgd, learningRate: 0.01 }
local: { steps: 10000000 }
quorum: 1
deadlineSeconds: 86400
rounds: 2
`;

const nothing = { COMMONWEIGHT_TOKEN: undefined };
const asks = (args: readonly string[], token?: string) =>
  commonweight(args, { cwd, env: token === undefined ? nothing : { COMMONWEIGHT_TOKEN: token } });

describe('an operator', () => {
  it('sees how a run stands, makes and voids tokens, and ends it; a participant that is interrupted says goodbye', async () => {
    writeFileSync(join(cwd, 'federation.yaml'), endless);
    const hub = begin(['serve', 'federation.yaml', '--port', '0', '--out', 'run']);
    let printed = '';
    hub.child.stdout?.on('data', (text: string) => {
      printed += text;
    });
    await hub.until(/waits for site-a \(not joined\), site-b \(not joined\): at least 1 is needed/);
    const url = /listens on (\S+)/.exec(printed)?.[1] as string;
    const { tokens, links } = handedOut(join(cwd, 'run'));
    const tokenOf = (name: string) => tokens.get(name) as string;
    const operator = tokenOf('operator');

    const joining = begin(['join', links[0] as string, '--data', sample, '--out', 'a']);
    await hub.until(/site-a takes part/);
    await hub.until(/waits for site-a, site-b \(not joined\) until .*: then 1 more is enough/);
    const seen = await asks(['status', url, '--token-file', 'run/new-tokens.txt']);
    expect(seen.stdout.split('\n')[0]).toBe('round 1 of 2, training: 0 of 2 updates in');
    expect(seen.stdout).toMatch(
      /^waits for site-a, site-b \(not joined\) until .* from now\): then 1 more is enough$/m,
    );
    expect(seen.stdout).toMatch(/^site-a +here +1,152 +awaited/m);

    const hubOperator = operateHub(url, operator, {});
    const observer = operateHub(url, await hubOperator.issueToken({ role: 'observer' }), {});
    expect(await observer.status()).toMatchObject({ waitingFor: ['site-a', 'site-b'], received: [] });
    await expect(observer.stop()).rejects.toThrow('the hub says: ');
    const stranger = hubOperator.issueToken({ role: 'participant', name: 'site-z' });
    await expect(stranger).rejects.toThrow('site-z');

    const key = await hubOperator.coordinatorKey();
    expect(links).toEqual([
      `${url}/join#token=${tokenOf('site-a')}&key=${key}`,
      `${url}/join#token=${tokenOf('site-b')}&key=${key}`,
      `${url}/#token=${tokenOf('observer')}`,
    ]);
    // The link to watch is an address and a token in one.
    const watched = await asks(['status', links[2] as string, '--json']);
    expect(JSON.parse(watched.stdout)).toMatchObject({ round: 1 });
    expect(printed).toMatch(
      new RegExp(
        `^  site-a:  commonweight join ${url} --name site-a --token-file run/new-tokens.txt --coordinator-key ${key} --data DIR$`,
        'm',
      ),
    );
    for (const token of tokens.values()) expect(printed).not.toContain(token);
    expect(statSync(join(cwd, 'run/new-tokens.txt')).mode & 0o777).toBe(0o600);

    const made = await asks(['token', url, '--name', 'site-b'], operator);
    const fresh = made.stdout.trim();
    expect(made.stderr).toBe(
      `to join: --coordinator-key ${key}\nin a browser: ${url}/join#token=${fresh}&key=${key}\n`,
    );
    await expect(joinHub(url, { token: tokenOf('site-b') })).rejects.toThrow('token');
    const end = await joinHub(url, { token: fresh });
    expect(end.participant).toBe('site-b');
    await end.close();
    const revoked = await asks(['token', url, '--name', 'site-b', '--revoke'], operator);
    expect(revoked.stdout).toBe('1 token is void\n');
    await expect(joinHub(url, { token: fresh })).rejects.toThrow('token');

    joining.child.kill('SIGINT');
    await hub.until(/site-a has left/);
    expect((await joining.ended).status).toBe(130);

    const again = await asks(['token', url, '--name', 'site-a'], operator);
    const excluded = begin(['join', url, '--data', sample, '--out', 'a'], {
      COMMONWEIGHT_TOKEN: again.stdout.trim(),
    });
    await hub.until(/site-a takes part.*site-a takes part/s);
    await asks(['token', url, '--name', 'site-a', '--revoke'], operator);
    await hub.until(/^site-a has left: its token was revoked$/m);
    expect(await excluded.ended).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('the token of "site-a" was revoked'),
    });
    expect(await asks(['stop', url], operator)).toMatchObject({
      ...{ status: 0, stdout: 'the run is stopped; its participants are told\n' },
    });
    const ended = await hub.ended;
    expect(ended).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('stopped by an operator in round 1'),
    });
    const after = await asks(['status', 'run']);
    expect(after.stdout.split('\n')[0]).toBe('finished in round 1 of 2: stopped by an operator');
    await expect(observer.status()).rejects.toThrow(`no hub answers at ${url}`);
    expect(existsSync(`${cwd}/run/coordinator.lock`)).toBe(false);
  });

  it('is told what is missing before anybody is asked', async () => {
    const [noToken, noOne, noRun, no] = await Promise.all([
      asks(['status', 'http://127.0.0.1:9']),
      asks(['token', 'http://127.0.0.1:9', '--token', 'x']),
      asks(['status', 'localhost:8470']),
      asks(['stop', 'http://127.0.0.1:9', '--token', 'short']),
    ]);
    expect(noToken.stderr).toContain(
      'commonweight: there is no token\n  give --token-file or --token, or set',
    );
    expect(noOne.stderr).toBe(
      'commonweight: whose token is it?\n  give --name PARTICIPANT, or --role observer, or --role operator\n',
    );
    expect(noRun.stderr).toBe(
      'commonweight: "localhost:8470" is neither the address of a coordinator nor the folder of a run\n  an address begins with http:// or https://; a folder is what --out named\n',
    );
    expect(no.stderr).toContain('this is not a token');
    for (const [command = '', ...more] of [['status'], ['drop', 'site-a'], ['rollback', '--to', '1']]) {
      const { status, stderr } = await asks([command, 'nats://me:secret@127.0.0.1:4222', ...more]);
      expect({ status, stderr }).toMatchObject({
        status: 2,
        stderr: expect.stringMatching(/^commonweight: .*a NATS server, expected .*hub\n {2}.*serve/),
      });
      expect(stderr).not.toContain('secret');
    }
    expect([noToken, noOne, noRun, no].map(({ status }) => status)).toEqual([2, 2, 2, 2]);
  });
});
