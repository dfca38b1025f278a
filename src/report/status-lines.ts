/** The status of a run in words: who is waited for, until when, and what each is doing. */
import type { Status } from '../protocol/status.js';
import { count, percent, plural } from './numbers.js';
import { textTable } from './text-table.js';

export function statusLines(status: Status): string[] {
  return [headline(status), ...waiting(status), ...accuracies(status), '', ...table(status)];
}

/** `round 3 of 10, training: waits for site-b until 14:05:00Z` */
export function headline({ phase, round, rounds, reason }: Status): string {
  if (phase === 'finished')
    return `finished in round ${round} of ${rounds}: ${reasons[reason ?? ''] ?? reason}`;
  return `round ${round} of ${rounds}, ${phase}`;
}

const reasons: Readonly<Record<string, string>> = {
  'every-participant-passed': 'the copied model reaches the reference with every participant',
  'max-rounds': 'all rounds are done',
  stopped: 'stopped by an operator',
};

export function waiting({ waitingFor, deadline, deadlinePassed, quorum, participants }: Status): string[] {
  if (waitingFor.length === 0) return [];
  const presence = new Map(participants.map(({ name, presence }) => [name, presence]));
  const shown = waitingFor.slice(0, 10).map((name) => {
    const state = presence.get(name);
    return state === 'here' || state === 'unknown' ? name : `${name} (${state})`;
  });
  const more = waitingFor.length > shown.length ? ` and ${waitingFor.length - shown.length} more` : '';
  const until =
    quorum === undefined
      ? ', all of whom are needed'
      : deadline === undefined
        ? `; ${quorum} are enough once the others have left`
        : deadlinePassed
          ? `; the deadline has passed, and as soon as ${quorum} are in they are enough`
          : ` until ${deadline}, when ${quorum} are enough`;
  return [`waits for ${shown.join(', ')}${more}${until}`];
}

function accuracies({ testAccuracy, copied }: Status): string[] {
  const lines = [];
  if (testAccuracy !== undefined) lines.push(`merged model, on the test images: ${percent(testAccuracy)}`);
  const own = Object.entries(copied);
  if (own.length > 0 && own.length <= 20) {
    lines.push(`with each: ${own.map(([name, accuracy]) => `${name} ${percent(accuracy)}`).join(', ')}`);
  }
  return lines;
}

function table({ participants, waitingFor }: Status): string[] {
  const rows = participants.map(({ name, presence, since, reason, examples, progress }) => {
    const doing =
      presence === 'left'
        ? (reason ?? '')
        : progress === undefined
          ? ''
          : [
              progress.activity,
              progress.step !== undefined &&
                progress.steps !== undefined &&
                `step ${progress.step}/${progress.steps}`,
              progress.epoch !== undefined &&
                progress.epochs !== undefined &&
                `epoch ${progress.epoch}/${progress.epochs}`,
              progress.imagesPerSecond !== undefined && `${count(progress.imagesPerSecond)} images/s`,
            ]
              .filter(Boolean)
              .join(', ');
    const state = presence === 'gone' && since !== undefined ? `gone since ${since.slice(0, 19)}Z` : presence;
    return [
      name,
      state,
      examples === undefined ? '' : plural(examples, 'example'),
      waitingFor.includes(name) ? 'awaited' : '',
      doing,
    ];
  });
  return textTable([['participant', 'presence', 'data', '', 'at work'], ...rows], [0, 1, 3, 4]);
}
