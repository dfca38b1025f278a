import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commonweight } from '../../../test/command-in-process.js';
import { root, commonweight as startedAnew } from '../../../test/run-command.js';

const commands = [
  ...['reproduce', 'run', 'serve', 'join', 'status', 'stop', 'token', 'replay'],
  ...['report', 'open', 'compare', 'merge', 'evaluate', 'predict', 'export', 'init', 'survey'],
];

describe('commonweight', () => {
  it('says its version', async () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    expect(await startedAnew(['--version'])).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' });
  });

  it('helps with all its commands and with examples', async () => {
    const { status, stdout } = await commonweight(['--help']);
    expect(status).toBe(0);
    for (const command of commands) expect(stdout).toContain(`\n  ${command} `);
    expect(stdout).toContain('Examples:\n  commonweight reproduce v');
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(110);
  });

  it.each(commands)('helps with %s, and gives an example', async (command) => {
    const { status, stdout } = await commonweight(['help', command]);
    expect(status).toBe(0);
    expect(stdout).toContain(`Usage: commonweight ${command} `);
    expect(stdout).toMatch(/Examples?:\n {2}commonweight /);
  });

  it('shows its help where it is told nothing, as a usage error', async () => {
    const { status, stderr } = await startedAnew([]);
    expect(status).toBe(2);
    expect(stderr).toContain('Usage: commonweight');
  });
});
