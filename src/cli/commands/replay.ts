/** `commonweight replay`: repeats a run and checks that it ends with the recorded bytes. */
import type { Command } from 'commander';
import type { NodeDevice } from '../../engine/runtime/node/find-gpu.js';
import { replayRun } from '../../experiments/replay.js';
import type { MetricFacts } from '../../metrics/metric.js';
import { wordsOfRun } from '../../report/run-figures.js';
import { replayedRound, replayFindings, replayHeadline } from '../../report/text/replay-lines.js';
import { wrapped } from '../../report/text-table.js';
import { anyWords } from '../../report/words.js';
import { widthFor } from '../display/display.js';
import { deviceOption } from '../flags/device-flag.js';
import { wholeNumber } from '../flags/values.js';
import { Interrupted } from '../terminal/error.js';
import { watchInterrupts } from '../terminal/interrupt.js';

interface ReplayFlags {
  readonly out?: string;
  readonly workers?: number;
  readonly device?: NodeDevice;
  readonly data?: string;
  readonly dataDir?: string;
  readonly init?: string;
}

/** The exit status if the replay differs. */
const DEPARTS = 1;

export function addReplay(program: Command): void {
  program
    .command('replay')
    .description(
      'Repeat a recorded run on this machine, with the data set of its configuration. For each round, say whether the merged model has the recorded SHA-256. A round that a deadline closed without some participants is closed without them here. The exit status is 0 if everything is as recorded, and 1 if not.',
    )
    .argument('<run>', 'the folder of a run, made by `run`, `reproduce` or `serve`')
    .option('--out <dir>', 'keep the replay in this folder; rerun the same command to resume it')
    .option(
      '--workers <n>',
      'number of training threads; one per core by default',
      wholeNumber('--workers', 1, 256),
    )
    .addOption(deviceOption())
    .option('--data <dir>', 'the data set’s folder, if it was moved')
    .option('--data-dir <dir>', 'the folder of Fashion-MNIST’s four files')
    .option('--init <file>', 'the file with the weights that the run started from')
    .addHelpText(
      'after',
      `
Examples:
  commonweight replay runs/v
  commonweight replay runs/federation --out runs/again`,
    )
    .action(replay);
}

async function replay(run: string, flags: ReplayFlags): Promise<void> {
  const print = (text: string) => process.stdout.write(`${wrapped(text, widthFor(process.stdout), 2)}\n`);
  let metric: MetricFacts | undefined;
  let words = anyWords;
  const { signal, stop } = watchInterrupts(() =>
    print('interrupted: finishing the current step (Ctrl-C again ends at once)'),
  );
  try {
    const { data: dataset, ...rest } = flags;
    const outcome = await replayRun(run, {
      ...{ ...rest, dataset, signal },
      observer: {
        onNotice: print,
        onStart(recorded, finished) {
          [metric] = recorded.result.metrics;
          words = wordsOfRun(recorded);
          print(replayHeadline(recorded));
          if (finished) print(`already replayed, nothing is trained; remove ${flags.out} to train again`);
        },
        onRound: (recorded, replayed) => metric && print(replayedRound(recorded, replayed, metric, words)),
      },
    });
    if (outcome.result.stopped.reason === 'interrupted') {
      throw new Interrupted(
        flags.out === undefined
          ? 'interrupted; with --out DIR a replay can be resumed'
          : 'interrupted; rerun the same command to resume',
      );
    }
    for (const line of replayFindings(outcome)) print(line);
    if (outcome.differences.length > 0) process.exitCode = DEPARTS;
  } finally {
    stop();
  }
}
