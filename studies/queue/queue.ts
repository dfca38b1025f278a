/**
 * The queue: what studies ask for and docs/results does not have yet, one run after the other. A
 * run is a folder that can be taken up again, its outcome a line of a file that is written whole;
 * so whatever ends the queue, the next one goes on there.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { runFederation } from '../../src/federation/coordinator/run-federation.js';
import { DivergedRunError } from '../../src/federation/record/diverged-run.js';
import { readRun } from '../../src/federation/record/read-run.js';
import type { RunResult } from '../../src/federation/record/run-result.js';
import type { RoundEvent } from '../../src/federation/rounds/round-events.js';
import { StudyError } from './error.js';
import { isOf, type KeptRun, keptRun } from './kept-run.js';
import { addOutcome, readOutcomes } from './results-folder.js';
import { runsOf, type Study, type StudyRun, seedsOf } from './study.js';

export interface QueueOptions {
  /** Of the outcomes. */
  readonly results: string;
  /** Of the runs, each in a folder below. */
  readonly runs: string;
  /** Ends the run under way between two steps. */
  readonly signal?: AbortSignal;
  /** Asked before every run. */
  readonly timeIsUp?: () => boolean;
  /** How many workers; the number of cores by default. */
  readonly workers?: number;
  readonly observer?: {
    /** @param place from 1, of those that were not done before */
    onStart?(run: StudyRun, place: number, runs: number): void;
    onEvent?(run: StudyRun, event: RoundEvent): void;
    onOutcome?(run: StudyRun, outcome: KeptRun): void;
  };
}

export type QueueEnd = 'done' | 'interrupted' | 'time is up';

/**
 * All runs, in their order: seed after seed, and for each the studies with all their variations.
 * Wherever the queue stops, what is complete can be compared.
 * @param only these seeds; all by default
 * @throws StudyError when none of the studies has one of them.
 */
export function queueOf(studies: readonly Study[], only?: readonly number[]): StudyRun[] {
  const known = [...new Set(studies.flatMap(seedsOf))].sort((a, b) => a - b);
  const stranger = only?.find((seed) => !known.includes(seed));
  if (stranger !== undefined) {
    throw new StudyError(`studies: no study has the seed ${stranger}, expected some of ${known.join(', ')}`, {
      hint: 'the seeds of a study stand in its file',
    });
  }
  const all = studies.flatMap(runsOf);
  return known
    .filter((seed) => only?.includes(seed) ?? true)
    .flatMap((seed) => all.filter((run) => run.seed === seed));
}

/** Does what is not done yet. */
export async function runQueue(queue: readonly StudyRun[], options: QueueOptions): Promise<QueueEnd> {
  const { signal, timeIsUp = () => false, observer = {} } = options;
  const due = await dueRuns(queue, options.results);
  for (const [index, run] of due.entries()) {
    if (signal?.aborted) return 'interrupted';
    if (timeIsUp()) return 'time is up';
    observer.onStart?.(run, index + 1, due.length);
    const outcome = await outcomeOf(run, options);
    if (outcome === undefined) return 'interrupted';
    await addOutcome(options.results, run.study, outcome);
    observer.onOutcome?.(run, outcome);
  }
  return 'done';
}

/** Those without an outcome. */
export async function dueRuns(queue: readonly StudyRun[], results: string): Promise<StudyRun[]> {
  const studies = [...new Set(queue.map(({ study }) => study))];
  const kept = new Map<Study, KeptRun[]>();
  for (const study of studies) kept.set(study, await readOutcomes(results, study));
  return queue.filter((run) => !kept.get(run.study)?.some((one) => isOf(one, run)));
}

/** Undefined where it was interrupted. */
async function outcomeOf(
  run: StudyRun,
  { runs, signal, workers, observer = {} }: QueueOptions,
): Promise<KeptRun | undefined> {
  const { study, variation, seed, configuration } = run;
  const out = join(runs, study.name, folderOf(run));
  const ended = runFederation(configuration, {
    out,
    signal,
    workers,
    source: `${study.name}/${variation}, seed ${seed}`,
    observer: { onEvent: (event) => observer.onEvent?.(run, event) },
  });
  const result = await ended.then(
    ({ result }): RunResult => result,
    (error: unknown) => {
      // That training diverges is an answer too.
      if (error instanceof DivergedRunError) return error.result;
      // A download that was given up.
      if (signal?.aborted && error instanceof Error && error.name === 'AbortError') return undefined;
      throw error;
    },
  );
  if (result === undefined || result.stopped.reason === 'interrupted') return undefined;
  return keptRun(run, await readRun(out), result.model?.sha256);
}

/**
 * Another configuration has another folder: a run that was begun with the earlier one is not gone
 * on with.
 */
function folderOf({ variation, seed, configuration }: StudyRun): string {
  const digest = createHash('sha256').update(JSON.stringify(configuration)).digest('hex').slice(0, 8);
  return `${variation.replace(/[^\w.-]+/g, '-')}-seed-${seed}-${digest}`;
}
