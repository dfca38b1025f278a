import { CommanderError } from 'commander';
import { describe, expect, it } from 'vitest';
import { CommonweightError } from '../base/error.js';
import { FencedError } from '../transport/error.js';
import { commandFailure, usageMessage } from './failure.js';
import { Interrupted } from './terminal/error.js';

describe('a failure', () => {
  it('of the user is one line and the next step, with status 2', () => {
    const error = new CommonweightError('run: no', { hint: 'try yes' });
    expect(commandFailure(error)).toEqual({ text: 'commonweight: run: no\n  try yes', status: 2 });
  });

  it('that is a matter of time has status 75, whoever wraps it', () => {
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), {
      ...{ code: 'ENOSPC', syscall: 'write' },
    });
    const away = new TypeError('fetch failed', {
      cause: Object.assign(new Error(), { code: 'ECONNREFUSED' }),
    });
    const late = new DOMException('The operation was aborted due to timeout', 'TimeoutError');
    for (const cause of [full, away, late, new FencedError('another leads')]) {
      expect(commandFailure(new CommonweightError('it cannot be written', { cause })).status).toBe(75);
    }
    expect(commandFailure(new FencedError('another leads')).status).toBe(75);
    const missing = Object.assign(new Error(), { code: 'ENOENT', syscall: 'open' });
    expect(commandFailure(new CommonweightError('it cannot be read', { cause: missing })).status).toBe(2);
  });

  it.each([
    ['EROFS', 2, 'the disk is read-only'],
    ['EACCES', 2, 'permission denied'],
    ['EPERM', 2, 'the system does not permit it'],
    ['ENOTDIR', 2, 'a part of the path is a file'],
    ['ENAMETOOLONG', 2, 'the name is too long'],
    ['EISDIR', 2, 'it is a folder'],
    ['ENOSPC', 75, 'no space is left on the disk'],
    ['EDQUOT', 75, 'no more space is allowed to this user'],
    ['EMFILE', 75, 'this process has too many files open'],
    ['EIO', 75, 'the disk has failed'],
  ])('of the system, %s, is a sentence with the file and status %i', (code, status, words) => {
    const error = Object.assign(new Error(`${code}: …, open '/srv/run'`), {
      ...{ code, syscall: 'open', path: '/srv/run' },
    });
    expect(commandFailure(error)).toEqual({ text: `commonweight: "/srv/run": ${words}`, status });
  });

  it('of ours says so and shows the stack, with status 1', () => {
    const { text, status } = commandFailure(new Error('internal: there is no round 7 yet'));
    expect(status).toBe(1);
    expect(text).toMatch(
      /^commonweight: internal: there is no round 7 yet\n {2}this is a bug in Commonweight/,
    );
    expect(text).toMatch(/\n\s+at .*failure\.test\.ts/);
    expect(commandFailure('odd')).toMatchObject({ status: 1 });
  });

  it('shows nothing that a terminal would obey, whoever said it', () => {
    const error = new CommonweightError('the hub says: \u001b[2Jno', { hint: 'yes\u009b31m' });
    expect(commandFailure(error).text).toBe('commonweight: the hub says: �[2Jno\n  yes�31m');
  });

  it('after an interrupt has status 130', () => {
    expect(commandFailure(new Interrupted('interrupted'))).toEqual({
      text: 'commonweight: interrupted',
      status: 130,
    });
  });

  it('is none where help was asked for, and adds nothing to a usage error', () => {
    expect(commandFailure(new CommanderError(0, 'commander.help', ''))).toEqual({ text: '', status: 0 });
    expect(commandFailure(new CommanderError(1, 'commander.unknownOption', ''))).toEqual({
      text: '',
      status: 2,
    });
    expect(usageMessage("error: unknown option '--sed'\n(Did you mean --seed?)\n")).toBe(
      "commonweight: unknown option '--sed'\n  Did you mean --seed?\n",
    );
  });
});
