/**
 * The log that an operator reads at three in the morning: one line of JSON for each event, beside
 * the run.
 */
import { join } from 'node:path';
import pino, { type Logger } from 'pino';
import { redacted } from '../../base/redacted.js';
import type { Log } from '../../transport/log.js';

/** Lines that a full disk does not take are kept for later, but not for ever. */
const KEPT_BYTES = 2 ** 20;

export function runLog(folder: string): Logger {
  const destination = pino.destination({
    ...{ dest: join(folder, 'coordinator.log'), mkdir: true, sync: true },
    maxLength: KEPT_BYTES,
  });
  // The run goes on without it: what it cannot go on without says so itself.
  destination.on('error', () => {});
  // An error of a library may repeat what it was given.
  const stream = {
    write: (line: string) => void destination.write(redacted(line)),
    flush: (done: (error?: Error) => void) => destination.flush(done),
  };
  return pino(
    {
      base: undefined,
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { error: pino.stdSerializers.err },
    },
    stream,
  );
}

/** What needs the operator is said on the terminal too; the same again and again once. */
export function withErrorsPrinted(log: Logger, print: (text: string) => void): Log {
  let said = '';
  return {
    info: (fields, message) => log.info(fields, message),
    warn: (fields, message) => log.warn(fields, message),
    error(fields, message) {
      log.error(fields, message);
      const text = fields.error instanceof Error ? `${message}: ${fields.error.message}` : message;
      if (text !== said) print(text);
      said = text;
    },
  };
}
