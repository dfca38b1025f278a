/**
 * A display shows a federation while it runs. There are two: one for terminals, one for everything
 * else.
 */
import type { DataProgress } from '../../data/progress.js';
import type { RunStart } from '../../federation/coordinator/run-federation.js';
import type { RunResult } from '../../federation/record/run-result.js';
import type { RunState } from '../../federation/rounds/round.js';
import type { RoundEvent } from '../../federation/rounds/round-events.js';
import { averageOf } from '../../merge/average/model-average.js';
import type { Configuration } from '../../protocol/configuration/configuration.js';
import type { PaperRow } from '../../report/sections/paper-table.js';
import type { LocalProgress } from '../../training/local-training.js';

export interface Display {
  onData(progress: DataProgress): void;
  onNotice(notice: string): void;
  onStart(start: RunStart): void;
  onProgress(progress: LocalProgress): void;
  onEvent(event: RoundEvent, state: RunState): void;
  /** Prints lines that stay. */
  print(text: string): void;
  /** Shows the rounds of the whole run, if they are not visible already. */
  onResult(result: RunResult): void;
  /** Restores the terminal. */
  close(): void;
}

/** The stream to which a display writes: process.stdout, or any stream in tests. */
export interface Output extends NodeJS.WritableStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

export interface DisplayOptions {
  readonly output: Output;
  /** The paper's rows, to show beside ours. */
  readonly paper?: readonly PaperRow[];
}

/** The width of tables: 100 by default, or that of the terminal within limits. */
export const widthFor = ({ columns = 100 }: Output) => Math.min(Math.max(columns, 60), 120);

/**
 * The models that are measured in every round: the strategies, the copied one first, the average
 * over rounds, the refitted model.
 */
export function strategiesIn({ strategy, compare, average, refit }: Configuration): readonly string[] {
  return [
    ...new Set([strategy, ...compare]),
    ...(average ? [averageOf(average).name] : []),
    ...(refit?.rounds === 'every' ? ['refit'] : []),
  ];
}
