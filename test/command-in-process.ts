/**
 * The command line without a process of its own, which would take half a second to load it. For commands that nobody kills:
 * they are carried out one after the other, for where they are and what they print to belong to the whole process.
 */
import { runProgram } from '../src/cli/program.js';
import type { Ended } from './run-command.js';

let last: Promise<unknown> = Promise.resolve();

export function commonweight(args: readonly string[], options: { cwd?: string } = {}): Promise<Ended> {
  const ended = last.then(() => carryOut(args, options.cwd ?? process.cwd()));
  last = ended.catch(() => undefined);
  return ended;
}

async function carryOut(args: readonly string[], folder: string): Promise<Ended> {
  const home = process.cwd();
  const { stdout, stderr } = process;
  const [out, err] = [heard(stdout), heard(stderr)];
  process.chdir(folder);
  try {
    const failure = await runProgram(args);
    if (failure !== undefined && failure.text !== '') stderr.write(`${failure.text}\n`);
    const status = failure?.status ?? Number(process.exitCode ?? 0);
    return { status, stdout: out.text(), stderr: err.text() };
  } finally {
    process.exitCode = undefined;
    process.chdir(home);
    out.stop();
    err.stop();
  }
}

/** What is written there is kept, and goes nowhere else. */
function heard(stream: NodeJS.WriteStream) {
  const { write } = stream;
  let text = '';
  stream.write = ((chunk: string | Uint8Array, ...more: unknown[]) => {
    text += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
    const done = more.at(-1);
    if (typeof done === 'function') done();
    return true;
  }) as typeof stream.write;
  return {
    text: () => text,
    stop: () => {
      stream.write = write;
    },
  };
}
