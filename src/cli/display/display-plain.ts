/** Shows a run as lines, one after the other: for files, pipes and logs. */

import { type RoundResult, roundResults } from '../../federation/record/run-result.js';
import { honestOf, type RunState } from '../../federation/rounds/round.js';
import type { RoundEvent } from '../../federation/rounds/round-events.js';
import { isFinished } from '../../federation/rounds/rounds.js';
import { writtenOf } from '../../metrics/metric.js';
import { type RoundsTableOptions, roundsLegend, roundsTable } from '../../report/sections/rounds-table.js';
import { introduction } from '../../report/text/introduction.js';
import { epochLine } from '../../report/text/progress-line.js';
import { anyWords, wordsOf } from '../../report/words.js';
import { dataLines } from './data-lines.js';
import { type Display, type DisplayOptions, strategiesIn } from './display.js';

export function plainDisplay({ output, paper = [] }: DisplayOptions): Display {
  const print = (text: string) => output.write(`${text}\n`);
  let about: RoundsTableOptions | undefined;
  let words = anyWords;
  let shown = 0;
  const showRounds = (rounds: readonly RoundResult[]) => {
    if (about === undefined) return;
    const legend = shown === 0 ? `\n${roundsLegend(rounds, about)}` : '';
    shown = rounds.length;
    print(`\n${roundsTable(rounds, about)}${legend}\n`);
  };
  return {
    onData: dataLines(print),
    onNotice: print,
    onStart(start) {
      const { state } = start;
      words = wordsOf(start.data.train, start.configuration);
      const { participants, metrics } = state.rules;
      about = { participants, strategies: strategiesIn(start.configuration), metric: metrics[0], paper };
      print(`${introduction(start)}\n`);
      if (roundResults(state).length > 0 && !isFinished(state)) {
        print(`resumed in round ${state.rounds.length}\n`);
      }
    },
    onProgress(progress) {
      if (about !== undefined && progress.epochDone) print(epochLine(progress, about.metric, words));
    },
    onEvent(event, state) {
      const [metric] = state.rules.metrics;
      if (event.type === 'merged' && Object.keys(event.merged).length > 0) {
        const tested = (about?.strategies ?? []).flatMap((name) => {
          const figures = event.merged[name];
          return figures === undefined ? [] : [`${name} ${writtenOf(metric, figures)}`];
        });
        print(`round ${event.round}  merged, on the test ${words.examples}: ${tested.join(', ')}`);
      }
      if (event.type === 'refitted') {
        print(
          `round ${event.round}  last layer refitted, on the test ${words.examples}: ${writtenOf(metric, event.test)}`,
        );
      }
      if (event.type === 'pooled-trained' && event.test !== undefined) {
        print(
          `round ${event.round}  pooled, on the test ${words.examples}: ${writtenOf(metric, event.test)}`,
        );
      }
      if (endsRound(event, state)) showRounds(roundResults(state).slice(0, event.round));
    },
    onResult({ rounds }) {
      if (rounds.length > shown) showRounds(rounds);
    },
    print,
    close() {},
  };
}

/** Whether this was the last fact of its round. */
function endsRound(event: RoundEvent, { rounds, rules }: RunState): boolean {
  const copied = rounds[event.round - 1]?.copied.size;
  return event.type === 'copy-evaluated' && copied === honestOf(rules.participants, rules).length;
}
