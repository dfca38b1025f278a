#!/usr/bin/env node
/** The program's entry: runs a command and sets the exit status. */
import { runProgram } from './program.js';

// A reader that has seen enough, such as `head`, closes the pipe. The program then ends by SIGPIPE,
// as others do: an orderly exit would wait for threads in the middle of a step. Node ignores this
// signal until a listener was added once.
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
