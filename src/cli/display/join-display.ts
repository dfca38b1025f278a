/** Shows a participant its own part in a federation, as lines. */
import type {
  TakePartEvent,
  TakePartObserver,
  TakePartOutcome,
} from '../../federation/participant/take-part.js';
import { type MetricFacts, writtenOf } from '../../metrics/metric.js';
import type { Progress } from '../../protocol/announcement.js';
import { metricsOf } from '../../protocol/configuration/task-metrics.js';
import type { Description } from '../../protocol/description.js';
import { descriptionHash } from '../../protocol/description-hash.js';
import { anyWords, speedText, wordsOf } from '../../report/words.js';
import { type ConnectionLines, connectionLines } from './connection-lines.js';

export interface JoinDisplay extends TakePartObserver, ConnectionLines {
  onLeftOut(what: string): void;
  onStart(participant: string, description: Description): void;
  onFinished(outcome: Extract<TakePartOutcome, { type: 'finished' }>, file: string | undefined): void;
}

/** The interval of lines about the progress of training. */
const INTERVAL_MS = 10_000;

export function joinDisplay(print: (text: string) => void): JoinDisplay {
  const { onConnected, onTrouble } = connectionLines(print);
  let told = performance.now();
  let rounds = 0;
  let metric: MetricFacts | undefined;
  let words = anyWords;
  let over = false;
  const of = (round: number) => `round ${round} of ${rounds}`;
  return {
    onConnected,
    onTrouble(reason) {
      // Once the run is over, the coordinator may be gone; only the final model's download still
      // needs it.
      if (!over || reason.startsWith('download')) onTrouble(reason);
    },
    onLeftOut: (what) => print(`ignored, since the coordinator has not signed it: ${what}`),
    onStart(participant, description) {
      const { configuration } = description;
      ({ rounds } = configuration);
      [metric] = metricsOf(configuration);
      words = wordsOf(description, configuration);
      for (const line of startLines(participant, description)) print(line);
    },
    onProgress(progress: Progress) {
      const { round, activity, step, steps, epoch, epochs, loss } = progress;
      if (activity !== 'training' || performance.now() - told < INTERVAL_MS) return;
      told = performance.now();
      const at = [
        epochs !== undefined && epochs > 1 && `epoch ${epoch} of ${epochs}`,
        steps !== undefined && `step ${step} of ${steps}`,
        speedText(progress, words),
        loss !== undefined && `loss ${loss.toFixed(3)}`,
      ];
      print(`${of(round)}  training: ${at.filter(Boolean).join(', ')}`);
    },
    onEvent(event) {
      switch (event.type) {
        case 'trained':
          return print(`${of(event.round)}  ${event.kept ? 'trained before' : 'trained'}`);
        case 'evaluated':
          return print(
            `${of(event.round)}  the merged model on own validation examples: ${metric === undefined ? '' : writtenOf(metric, event.validation)}`,
          );
        case 'answered': {
          const line = answerLine(event, of);
          if (line !== undefined) print(line);
          return;
        }
        case 'diverged':
          return print(
            `${of(event.round)}  ${event.message}; the coordinator knows, and this participant waits for its next request`,
          );
        case 'own-tensors-begin':
          return print(`${of(event.round)}  ${OWN_TENSORS_BEGIN}`);
        case 'data-changed':
          return print(`warning: ${DATA_CHANGED}`);
        case 'given-up':
          return print(`${of(event.round)}  was closed without this participant`);
        case 'key-taken':
          return print(
            `the coordinator’s key is ${event.key}; it is kept, since --coordinator-key gave none; compare it with the key that the coordinator prints`,
          );
        case 'description-changed':
          return print(
            `warning: the description of the federation has changed since this participant took part before: its SHA-256 is ${event.now}, it was ${event.before}`,
          );
        case 'left-out':
          return print('ignored an assignment that is older than one received before');
        case 'assigned':
          over = event.assignment.type === 'finished';
          return;
      }
    },
    onFinished({ reason, message }, file) {
      print(`the run is over: ${message ?? reasons[reason]}`);
      if (file !== undefined) print(`the final model: ${file}`);
    },
  };
}

/** Undefined if the answer is no news. */
function answerLine(
  { announcement, receipt }: Extract<TakePartEvent, { type: 'answered' }>,
  of: (round: number) => string,
): string | undefined {
  if (!receipt.accepted) return `the coordinator refuses: ${receipt.message}`;
  if (announcement.type === 'update') return `${of(announcement.round)}  handed in`;
  return announcement.type === 'contributed' && announcement.phase === 'survey'
    ? 'answered the survey of the training rows, once for this federation'
    : undefined;
}

const DATA_CHANGED =
  'the data are not those that this participant took part with before; the coordinator is told that they changed';
const OWN_TENSORS_BEGIN =
  'this participant’s own tensors begin as they were before round 1, since none are kept in its folder; if it trained before, interrupt it, put its folder back and join again';

/** The lines at the start: the federation, and what the participant agrees to. */
function startLines(participant: string, description: Description): string[] {
  const { configuration, participants } = description;
  const others = participants.length - 1;
  return [
    `connected as ${participant}, with ${others === 1 ? '1 other' : `${others} others`} expected: ${configuration.model.name}, at most ${configuration.rounds} rounds`,
    `the description of the federation has the SHA-256 ${descriptionHash(description)}`,
  ];
}

const reasons: Readonly<Record<Extract<TakePartOutcome, { type: 'finished' }>['reason'], string>> = {
  'every-participant-passed': 'the merged model reaches the reference with every participant',
  'max-rounds': 'all rounds are done',
  stopped: 'an operator has stopped it',
  failed: 'it has failed',
};
