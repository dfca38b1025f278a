/** The operator's log of a run: one line of JSON for each event, in the run folder. */
import { join } from 'node:path';
import pino, { type Logger } from 'pino';
import { redacted } from '../../base/redacted.js';
import type { Log } from '../../transport/log.js';

/** The most bytes of lines that are kept while the disk is full. */
const KEPT_BYTES = 2 ** 20;

export function runLog(folder: string): Logger {
  const destination = pino.destination({
    ...{ dest: join(folder, 'coordinator.log'), mkdir: true, sync: true },
    maxLength: KEPT_BYTES,
  });
  // The run goes on without its log. Files that it needs report their own errors.
  destination.on('error', () => {});
  // Removes secrets: an error of a library may repeat its input.
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

/** Errors are printed on the terminal too; a repeated one once. */
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
