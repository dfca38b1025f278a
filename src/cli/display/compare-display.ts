/**
 * Shows a comparison while it runs: one line for each finished run and, in a terminal, one for the
 * current run.
 */
import type { ComparisonOptions } from '../../experiments/compare-strategies.js';
import { isFinished } from '../../federation/rounds/rounds.js';
import { writtenOf } from '../../metrics/metric.js';
import { bar, duration, plural } from '../../report/numbers.js';
import { finalModel } from '../../report/pages/comparison.js';
import { anyWords, wordsOf } from '../../report/words.js';
import { dataLines } from './data-lines.js';
import type { Output } from './display.js';
import { isLive, liveRegion } from './terminal.js';

export type ComparisonDisplay = Required<NonNullable<ComparisonOptions['observer']>> & {
  /** Prints lines that stay. */
  print(text: string): void;
  /** Restores the terminal. */
  close(): void;
};

export function comparisonDisplay(output: Output): ComparisonDisplay {
  const region = isLive(output) ? liveRegion(output) : undefined;
  const print = (text: string) => (region === undefined ? output.write(`${text}\n`) : region.print(text));
  const began = performance.now();
  let runBegan = began;
  let finishedBefore = false;
  let words = anyWords;
  return {
    onData: dataLines(print),
    onNotice: print,
    onStart(_, { state, data, configuration }) {
      words = wordsOf(data.train, configuration);
      runBegan = performance.now();
      finishedBefore = isFinished(state);
    },
    onEvent({ strategy, seed, run, runs }, { round }, { rules }) {
      const elapsed = duration((performance.now() - began) / 1000);
      const line = `run ${run} of ${runs}  ${bar((run - 1 + (round - 1) / rules.rounds) / runs, 20)}  seed ${seed}  ${strategy}  round ${round} of ${rules.rounds}  ${elapsed} so far; Ctrl-C interrupts`;
      region?.update([line.slice(0, output.columns ?? 80)]);
    },
    onResult({ strategy, seed, run, runs }, { rounds, stopped, settings, metrics }) {
      const last = rounds.findLast(({ merged }) => finalModel(merged, settings) !== undefined);
      const final = last && finalModel(last.merged, settings);
      const time = finishedBefore ? 'done before' : duration((performance.now() - runBegan) / 1000);
      print(
        `run ${run} of ${runs}  seed ${seed}  ${strategy}  ${writtenOf(metrics[0], final?.test)} on the test ${words.examples} after ${plural(last?.round ?? 0, 'round')}${stopped.reason === 'diverged' ? ', then training diverged' : ''}  ${time}`,
      );
    },
    print,
    close: () => region?.close(),
  };
}
