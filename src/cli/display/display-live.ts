/**
 * Shows a run in a terminal. Lines about past events stay above. Below them are the table of the
 * rounds so far and one line for each working participant, which are rewritten.
 */

import { roundResults } from '../../federation/record/run-result.js';
import { currentPhase } from '../../federation/rounds/open-phase.js';
import type { RoundRecord, RunState } from '../../federation/rounds/round.js';
import { isFinished } from '../../federation/rounds/rounds.js';
import { bar, byteSize, count, duration } from '../../report/numbers.js';
import { roundsLegend, roundsTable } from '../../report/sections/rounds-table.js';
import { introduction } from '../../report/text/introduction.js';
import { progressCells, updateCells } from '../../report/text/progress-line.js';
import { textTable, widthOf } from '../../report/text-table.js';
import { anyWords, type Words, wordsOf } from '../../report/words.js';
import type { LocalProgress } from '../../training/local-training.js';
import { type Display, type DisplayOptions, strategiesIn, widthFor } from './display.js';
import { liveRegion, type Paint, paintFor } from './terminal.js';

/** The widths of a bar, if the terminal has room. */
const BAR_WIDTHS = [20, 12, 6] as const;

export function liveDisplay({ output, paper = [] }: DisplayOptions): Display {
  const region = liveRegion(output);
  const paint = paintFor(output);
  const began = performance.now();
  const working = new Map<string, LocalProgress>();
  let state: RunState | undefined;
  let strategies: readonly string[] = [];
  let words = anyWords;
  const table = (now: RunState) =>
    roundsTable(roundResults(now), {
      participants: now.rules.participants,
      strategies,
      metric: now.rules.metrics[0],
      paper,
      width: widthFor(output),
    });
  const redraw = () => {
    if (state === undefined) return;
    const now = state;
    const rounds = now.rounds.some(({ merged }) => merged !== undefined) ? [table(now), ''] : [];
    const { columns = 80 } = output;
    const work = atWork(now, working, words, columns, paint);
    // Lines that do not fit would scroll out of the region that can be rewritten. The table is left
    // out first.
    const height = (output.rows ?? 24) - 2;
    const lines = [...rounds.join('\n').split('\n'), ...work, '', elapsed(began, paint)];
    region.update(lines.length <= height ? lines : [...work.slice(0, height - 1), elapsed(began, paint)]);
  };
  return {
    onData(progress) {
      const { what } = progress;
      if ('done' in progress) {
        const { done, of } = progress;
        region.update([`reading ${what}  ${bar(done / of, BAR_WIDTHS[0])} ${count(done)} of ${count(of)}`]);
        return;
      }
      const { receivedBytes, totalBytes } = progress;
      const part = totalBytes === undefined ? '' : `${bar(receivedBytes / totalBytes, BAR_WIDTHS[0])} `;
      const total = totalBytes === undefined ? '' : ` of ${byteSize(totalBytes)}`;
      region.update([`fetching ${what}  ${part}${byteSize(receivedBytes)}${total}`]);
    },
    onNotice: (notice) => region.print(notice),
    onStart(start) {
      region.clear();
      state = start.state;
      words = wordsOf(start.data.train, start.configuration);
      strategies = strategiesIn(start.configuration);
      region.print(`${introduction(start, widthFor(output))}\n`);
      if (isFinished(start.state)) state = undefined;
      else redraw();
    },
    onProgress(progress) {
      working.set(progress.participant, progress);
      redraw();
    },
    onEvent(event, next) {
      state = next;
      if (event.type === 'pooled-trained') working.delete('pooled');
      redraw();
    },
    onResult(result) {
      state = undefined;
      region.clear();
      const { participants, metrics } = result;
      const options = { participants, strategies, metric: metrics[0], paper, width: widthFor(output) };
      const { rounds } = result;
      if (rounds.length === 0) return;
      region.print(`${roundsTable(rounds, options)}\n${paint.dim(roundsLegend(rounds, options))}\n`);
    },
    print: (text) => region.print(text),
    close: () => region.close(),
  };
}

/** A line for every participant of the round, and one for the pooled training while it runs. */
function atWork(
  state: RunState,
  working: ReadonlyMap<string, LocalProgress>,
  words: Words,
  columns: number,
  paint: Paint,
): string[] {
  const round = state.rounds.at(-1);
  if (round === undefined) return [];
  const { participants } = round;
  const [metric] = state.rules.metrics;
  const pooled = working.get('pooled');
  const cells = (barWidth: number) => [
    ...participants.map((name) => {
      const update = round.updates.get(name);
      if (update !== undefined) return updateCells(update, metric);
      const progress = working.get(name);
      return progress?.round === round.round
        ? progressCells(progress, metric, words, barWidth)
        : [name, 'waits'];
    }),
    ...(pooled === undefined ? [] : [progressCells(pooled, metric, words, barWidth)]),
  ];
  const tables = BAR_WIDTHS.map((barWidth) => textTable(cells(barWidth), [0, 1, 2]));
  const table = tables.find((lines) => widthOf(lines) <= columns) ?? tables.at(-1) ?? [];
  return [
    paint.bold(`round ${round.round} of ${state.rules.rounds}: ${doing(state, round)}`),
    ...table.map((line) => line.slice(0, columns)),
  ];
}

function doing(state: RunState, { merged }: RoundRecord): string {
  const phase = currentPhase(state);
  if (phase?.activity === 'surveying') return 'surveying the data';
  if (phase?.activity === 'refitting') return 'refitting the last layer';
  if (merged !== undefined) return 'evaluating the copies';
  return phase?.name === 'train' ? 'training' : 'merging and evaluating';
}

const elapsed = (began: number, paint: Paint) =>
  paint.dim(`${duration((performance.now() - began) / 1000)} so far; Ctrl-C interrupts`);
