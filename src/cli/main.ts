#!/usr/bin/env node
/** The program, and how it ends. */
import { runProgram } from './program.js';

// A reader that has seen enough, such as `head`, closes the pipe. We end as other programs do, by
// SIGPIPE: an orderly exit would wait for threads that are in the middle of a step. Node ignores
// that signal until somebody has listened to it.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.once('SIGPIPE', () => {});
  process.removeAllListeners('SIGPIPE');
  process.kill(process.pid, 'SIGPIPE');
});

const failure = await runProgram(process.argv.slice(2));
if (failure !== undefined) {
  if (failure.text !== '') process.stderr.write(`${failure.text}\n`);
  process.exitCode = failure.status;
}
