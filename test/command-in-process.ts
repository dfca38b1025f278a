/**
 * The command line without a process of its own, which would take half a second to load it. For
 * commands that nobody kills: they are carried out one after the other, for where they are and what
 * they print to belong to the whole process.
 */
import { runProgram } from '../src/cli/program.js';
import type { Ended } from './run-command.js';

let last: Promise<unknown> = Promise.resolve();

interface Surroundings {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export function commonweight(args: readonly string[], surroundings: Surroundings = {}): Promise<Ended> {
  const ended = last.then(() => carryOut(args, surroundings));
  last = ended.catch(() => undefined);
  return ended;
}

async function carryOut(args: readonly string[], { cwd, env = {} }: Surroundings): Promise<Ended> {
  const [home, before] = [process.cwd(), { ...process.env }];
  const { stdout, stderr } = process;
  const [out, err] = [heard(stdout), heard(stderr)];
  process.chdir(cwd ?? home);
  setEnvironment(env);
  try {
    const failure = await runProgram(args);
    if (failure !== undefined && failure.text !== '') stderr.write(`${failure.text}\n`);
    const status = failure?.status ?? Number(process.exitCode ?? 0);
    return { status, stdout: out.text(), stderr: err.text() };
  } finally {
    process.exitCode = undefined;
    process.chdir(home);
    setEnvironment(Object.fromEntries(Object.keys(env).map((name) => [name, before[name]])));
    out.stop();
    err.stop();
  }
}

function setEnvironment(variables: Readonly<Record<string, string | undefined>>): void {
  for (const [name, value] of Object.entries(variables)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
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
