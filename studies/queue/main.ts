/**
 * `npm run results`: long runs through a queue that can be stopped, and the tables of the docs from
 * what they left.
 */
import { join, relative, resolve } from 'node:path';
import { Command } from 'commander';
import { commandFailure, usageMessage } from '../../src/cli/failure.js';
import { listOf, oneOf, positiveNumber, wholeNumber } from '../../src/cli/flags/values.js';
import { Interrupted } from '../../src/cli/terminal/error.js';
import { watchInterrupts } from '../../src/cli/terminal/interrupt.js';
import { duration, percent, plural } from '../../src/report/numbers.js';
import { wrapped } from '../../src/report/text-table.js';
import { studies } from '../studies.js';
import { readDocuments, writeDocuments } from './documents.js';
import { estimatedMinutes } from './estimate.js';
import { dueRuns, queueOf, runQueue } from './queue.js';
import { runsOf, type Study, type StudyRun } from './study.js';

const root = resolve(import.meta.dirname, '../..');
const docs = join(root, 'docs');
const results = join(docs, 'results');
const runs = join(root, 'runs', 'studies');

interface RunFlags {
  readonly seeds?: readonly number[];
  readonly timeLimit?: number;
}

const program = new Command('npm run results --')
  .description('Long runs, and the tables of the docs that are made of them; studies/README.md says how.')
  .configureOutput({ outputError: (text, write) => write(usageMessage(text)) })
  .exitOverride();
program.command('list').description('what studies there are, and what is done of them').action(list);
program
  .command('run')
  .description('do what is not done yet; Ctrl-C stops it, and the same command goes on')
  .argument('[study...]', `${studies.map(({ name }) => name).join(', ')}; all by default`)
  .option('--seeds <list>', 'only these, a,b,…', listOf(wholeNumber('--seeds', 0)))
  .option('--time-limit <minutes>', 'begin no run after so many', positiveNumber('--time-limit'))
  .action(run);
program.command('tables').description('write the tables of the docs from docs/results').action(tables);

async function list(): Promise<void> {
  for (const study of studies) {
    const all = runsOf(study);
    const due = await dueRuns(all, results);
    console.log(
      `${study.name}: ${all.length - due.length} of ${plural(all.length, 'run')} done, ${timeFor(due)} to go`,
    );
    console.log(`  ${wrapped(study.description, 96, 2)}\n`);
  }
}

async function run(names: readonly string[], { seeds, timeLimit = Infinity }: RunFlags): Promise<void> {
  const queue = queueOf(chosen(names), seeds);
  const began = performance.now();
  const elapsed = () => (performance.now() - began) / 1000;
  const { signal, stop } = watchInterrupts(() =>
    console.log('interrupted: ending the step under way (once more ends at once)'),
  );
  const due = await dueRuns(queue, results);
  console.log(`${plural(due.length, 'run')} of ${queue.length} to do: ${timeFor(due)}`);
  try {
    const end = await runQueue(queue, {
      results,
      runs,
      signal,
      timeIsUp: () => elapsed() / 60 >= timeLimit,
      observer: {
        onStart: (run, place) =>
          console.log(`[${place}/${due.length}, ${duration(elapsed())}] ${nameOf(run)}: ${timeFor([run])}`),
        onEvent(_, event) {
          if (event.type !== 'merged' || Object.keys(event.merged).length === 0) return;
          const accuracies = Object.entries(event.merged).map(
            ([name, { accuracy = 0 }]) => `${name} ${percent(accuracy)}`,
          );
          console.log(`  round ${event.round}: ${accuracies.join(', ')}`);
        },
        onOutcome: (run, { stopped }) =>
          console.log(`  ${stopped.reason}, in docs/results/${run.study.name}.json`),
      },
    });
    if (end === 'interrupted') throw new Interrupted('interrupted; the same command goes on');
    console.log(`${end}, after ${duration(elapsed())}; next: npm run results -- tables`);
  } finally {
    stop();
  }
}

async function tables(): Promise<void> {
  const changed = await writeDocuments(await readDocuments(docs, results, studies));
  for (const file of changed) console.log(`written: ${relative(root, file)}`);
  if (changed.length === 0) console.log('the tables are those of docs/results already');
}

function chosen(names: readonly string[]): readonly Study[] {
  if (names.length === 0) return studies;
  const known = names.map(
    oneOf(
      'study',
      studies.map(({ name }) => name),
    ),
  );
  return studies.filter(({ name }) => known.includes(name));
}

const nameOf = ({ study, variation, seed }: StudyRun) => `${study.name}, ${variation}, seed ${seed}`;

/** "about 12 min 0 s on two cores" */
function timeFor(due: readonly StudyRun[]): string {
  const minutes = due.reduce((sum, { configuration }) => sum + estimatedMinutes(configuration), 0);
  return `about ${duration(60 * minutes)} on two cores`;
}

try {
  await program.parseAsync();
} catch (error) {
  const { text, status } = commandFailure(error);
  if (text !== '') console.error(text.replace(/^commonweight: (studies: )?/, 'results: '));
  process.exitCode = status;
}
