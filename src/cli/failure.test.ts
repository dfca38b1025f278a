import { CommanderError } from 'commander';
import { describe, expect, it } from 'vitest';
import { CommonweightError } from '../tensor/error.js';
import { Interrupted } from './error.js';
import { failureOf, usageMessage } from './failure.js';

describe('a failure', () => {
  it('of the user is one line and the next step, with status 2', () => {
    const error = new CommonweightError('run: no', { hint: 'try yes' });
    expect(failureOf(error)).toEqual({ text: 'commonweight: run: no\n  try yes', status: 2 });
  });

  it('of ours says so and shows the stack, with status 1', () => {
    const { text, status } = failureOf(new Error('internal: there is no round 7 yet'));
    expect(status).toBe(1);
    expect(text).toMatch(/^commonweight: internal: there is no round 7 yet\n {2}this is a mistake of ours/);
    expect(text).toMatch(/\n\s+at .*failure\.test\.ts/);
    expect(failureOf('odd')).toMatchObject({ status: 1 });
  });

  it('shows nothing that a terminal would obey, whoever said it', () => {
    const error = new CommonweightError('the hub says: \u001b[2Jno', { hint: 'yes\u009b31m' });
    expect(failureOf(error).text).toBe('commonweight: the hub says: �[2Jno\n  yes�31m');
  });

  it('after an interrupt has status 130', () => {
    expect(failureOf(new Interrupted('interrupted'))).toEqual({
      text: 'commonweight: interrupted',
      status: 130,
    });
  });

  it('is none where help was asked for, and adds nothing to a usage error', () => {
    expect(failureOf(new CommanderError(0, 'commander.help', ''))).toEqual({ text: '', status: 0 });
    expect(failureOf(new CommanderError(1, 'commander.unknownOption', ''))).toEqual({ text: '', status: 2 });
    expect(usageMessage("error: unknown option '--sed'\n(Did you mean --seed?)\n")).toBe(
      "commonweight: unknown option '--sed'\n  Did you mean --seed?\n",
    );
  });
});
