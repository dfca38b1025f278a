/**
 * A federation of a task of one's own over a hub, with everybody in one process, which kills itself:
 *
 *     tsx own-task-process.ts TASK FOLDER [EVENT ROUND]
 */
import { shareChoice } from '../src/federation/plan/share-choice.js';
import { ownTaskRun, ownTasks } from './own-tasks.js';
import { overHub, servedOver } from './served-over.js';

const [name = '', folder = '', type, round] = process.argv.slice(2);
const one = ownTasks[name];
if (one === undefined) throw new Error(`there is no task "${name}"`);
const { dataset, settings, extensions } = one;
const taking: Promise<unknown>[] = [];
await servedOver(
  await overHub(folder),
  folder,
  { dataset: dataset.name, ...ownTaskRun, ...settings },
  {
    extensions,
    test: dataset,
    observer: {
      onEvent(event) {
        if (event.type === type && event.round === Number(round)) process.kill(process.pid, 'SIGKILL');
      },
    },
  },
  ({ join }) => {
    for (const part of [1, 2]) {
      const choice = shareChoice(`dirichlet:alpha=1:${part}/2`);
      taking.push(join(`environment-${part}`, { data: dataset, choice, extensions }));
    }
  },
);
await Promise.all(taking);
