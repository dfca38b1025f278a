/** Turns the failure of a command into a message and an exit status. */
import { CommanderError } from 'commander';
import { CommonweightError } from '../base/error.js';
import { refusalOf } from '../base/node/reason.js';
import { printableLines } from '../base/printable.js';
import { redacted } from '../base/redacted.js';
import { isTransient } from '../base/transient.js';
import { Interrupted } from './terminal/error.js';

const OUR_ERROR = 1;
const USER_ERROR = 2;
/**
 * EX_TEMPFAIL of sysexits.h: the same command may succeed later, so a service manager should
 * restart it.
 */
const TRANSIENT = 75;
const INTERRUPTED = 130;

export interface CommandFailure {
  /** The text for stderr; empty if everything has been printed already. */
  readonly text: string;
  readonly status: number;
}

export function commandFailure(error: unknown): CommandFailure {
  // Commander has printed its message, or the help.
  if (error instanceof CommanderError) return { text: '', status: error.exitCode === 0 ? 0 : USER_ERROR };
  if (error instanceof Interrupted) return { text: said(error.message), status: INTERRUPTED };
  if (error instanceof CommonweightError) {
    return { text: said(error.message, error.hint), status: error.transient ? TRANSIENT : USER_ERROR };
  }
  const refusal = refusalOf(error);
  if (refusal !== undefined)
    return { text: said(refusal), status: isTransient(error) ? TRANSIENT : USER_ERROR };
  const { message, stack } = error instanceof Error ? error : { message: String(error), stack: undefined };
  const frames = (stack ?? '').split('\n').filter((line) => line.trimStart().startsWith('at '));
  const text = said(
    `internal: ${message.replace(/^internal: /, '')}`,
    'this is a bug in Commonweight; please report it',
  );
  return { text: [text, ...frames].join('\n'), status: OUR_ERROR };
}

/**
 * A message for stderr: one line, and below it the next step to take. Secrets that a user may have
 * typed are removed.
 */
function said(message: string, hint?: string): string {
  return redacted(printableLines(`commonweight: ${message}${hint === undefined ? '' : `\n  ${hint}`}`));
}

/**
 * Commander's message, such as "error: unknown option '--sed'\n(Did you mean --seed?)", in our
 * form.
 */
export function usageMessage(text: string): string {
  const [message = '', ...rest] = text.trim().split('\n');
  const hint = rest
    .join(' ')
    .replace(/^\((.*)\)$/, '$1')
    .trim();
  return `${said(message.replace(/^error: /, ''), hint === '' ? undefined : hint)}\n`;
}
