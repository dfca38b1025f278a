/**
 * Runs a federation from the command line: shows it while it runs, interrupts it on Ctrl-C, and
 * reports its end.
 */
import { join } from 'node:path';
import { type FederationOptions, runFederation } from '../../federation/coordinator/run-federation.js';
import { DivergedRunError } from '../../federation/record/diverged-run.js';
import type { RunResult } from '../../federation/record/run-result.js';
import { isFinished } from '../../federation/rounds/rounds.js';
import type { ConfigurationInput } from '../../protocol/configuration/configuration.js';
import { duration } from '../../report/numbers.js';
import type { PaperRow } from '../../report/sections/paper-table.js';
import { filesLeft, wholeModel } from '../../report/text/files-left.js';
import { outcome } from '../../report/text/outcome.js';
import { wrapped } from '../../report/text-table.js';
import { anyWords, type Words, wordsOf } from '../../report/words.js';
import { widthFor } from '../display/display.js';
import { liveDisplay } from '../display/display-live.js';
import { plainDisplay } from '../display/display-plain.js';
import { isLive } from '../display/terminal.js';
import { Interrupted } from '../terminal/error.js';
import { isAbort, watchInterrupts } from '../terminal/interrupt.js';
import { checkFolderOf, writeJson } from '../terminal/whole-file.js';

/** The flags that `reproduce` and `run` share. */
export interface FederateOptions
  extends Pick<FederationOptions, 'out' | 'workers' | 'device' | 'dataDir' | 'init' | 'source'> {
  /** In gigabytes. */
  readonly maxMemory?: number | undefined;
  readonly json?: string | undefined;
  readonly paper?: readonly PaperRow[] | undefined;
}

/** @throws Interrupted when the user ended the run */
export async function federate(input: ConfigurationInput, options: FederateOptions): Promise<void> {
  const { out, json, paper, maxMemory } = options;
  if (json !== undefined) await checkFolderOf('--json', json);
  const began = performance.now();
  const output = process.stdout;
  const display = (isLive(output) ? liveDisplay : plainDisplay)({ output, ...(paper && { paper }) });
  const { signal, stop } = watchInterrupts(() =>
    display.print('interrupted: finishing the current step (Ctrl-C again ends at once)'),
  );
  let finishedBefore = false;
  let words = anyWords;
  const observer: FederationOptions['observer'] = {
    ...display,
    onStart(start) {
      finishedBefore = isFinished(start.state);
      words = wordsOf(start.data.train, start.configuration);
      display.onStart(start);
    },
  };
  const conclude = async (result: RunResult) => {
    if (json !== undefined) await writeJson('--json', json, result);
    display.onResult(result);
    const seconds = (performance.now() - began) / 1000;
    display.print(closing(result, words, out, finishedBefore ? undefined : seconds));
  };
  try {
    const mostMemoryBytes = maxMemory === undefined ? undefined : maxMemory * 1e9;
    const { result } = await runFederation(input, { ...options, mostMemoryBytes, observer, signal });
    await conclude(result);
    if (result.stopped.reason === 'interrupted') throw new Interrupted(interrupted(out));
  } catch (error) {
    if (signal.aborted && isAbort(error)) throw new Interrupted(interrupted(out));
    if (error instanceof DivergedRunError) await conclude(error.result);
    throw error;
  } finally {
    stop();
    display.close();
  }
}

const interrupted = (out: string | undefined) =>
  out === undefined
    ? 'interrupted; with --out DIR a run can be resumed'
    : 'interrupted; rerun the same command to resume';

/** @param seconds undefined when nothing was done, because the run was finished already */
function closing(
  result: RunResult,
  words: Words,
  out: string | undefined,
  seconds: number | undefined,
): string {
  const lines = outcome(result, words);
  if (out === undefined)
    lines.push('nothing is kept: with --out DIR the model stays, as safetensors and ONNX');
  else if (result.model === undefined) lines.push(`files: ${join(out, 'result.json')}`);
  else {
    lines.push(
      `files in ${out}: ${filesLeft(result)}`,
      `next: commonweight report ${out}, or commonweight evaluate ${wholeModel(result)}`,
    );
  }
  lines.push(
    seconds === undefined
      ? `this run is finished already, nothing was trained; ${goOn(result, out)}`
      : `time: ${duration(seconds)}`,
  );
  return lines.map((line) => wrapped(line, widthFor(process.stdout), 2)).join('\n');
}

/** Says how a finished run can be continued. */
function goOn({ stopped }: RunResult, out: string | undefined): string {
  const again = `remove ${out} or choose another --out to train again`;
  if (stopped.reason === 'max-rounds') return `raise --rounds to go on with it, or ${again}`;
  const why =
    stopped.reason === 'every-participant-passed' ? 'the reference was reached' : 'it was stopped for good';
  return `${why}, so that more --rounds change nothing: ${again}`;
}
