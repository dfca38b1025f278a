/**
 * Describes the status of a run in words: which participants it waits for, until when, and what
 * each is doing.
 */
import { listed } from '../../base/excerpt.js';
import { labelOf, named, writtenOf } from '../../metrics/metric.js';
import type { Status } from '../../protocol/status.js';
import { count, duration, plural } from '../numbers.js';
import { textTable } from '../text-table.js';
import { anyWords, speedText, type Words } from '../words.js';

/** @param now the present time, for the time until the deadline */
export function statusLines(status: Status, now: Date): string[] {
  const { metric, test } = status;
  const figure = test?.[metric.name];
  const tested = figure !== undefined && [
    `the last merged model on the test examples: ${named(metric, figure)}`,
  ];
  const warnings = (status.warnings ?? []).map((warning) => `warning: ${warning}`);
  return [headline(status), ...waiting(status, now), ...(tested || []), ...warnings, '', ...table(status)];
}

/** `round 3 of 10, training: 1 of 3 updates in` */
export function headline(status: Status): string {
  const { phase, round, rounds, reason, received, waitingFor } = status;
  const of = received.length + waitingFor.length;
  const at = `round ${round} of ${rounds}, ${phase}`;
  switch (phase) {
    case 'training':
      return `${at}: ${received.length} of ${plural(of, 'update')} in`;
    case 'evaluating':
      return `${at}: ${received.length} of ${of} participants have reported the ${labelOf(status.metric)} of the copied model`;
    case 'merging':
      return `${at}: ${plural(received.length, 'update')} in, none missing`;
    case 'finished':
      return `finished in round ${round} of ${rounds}: ${reasons[reason ?? ''] ?? reason}`;
    default:
      return waitingFor.length === 0
        ? `${at}: nobody is waited for`
        : `${at}: ${received.length} of ${of} are in`;
  }
}

const reasons: Readonly<Record<string, string>> = {
  'every-participant-passed': 'the copied model reaches the reference with every participant',
  'max-rounds': 'all rounds are done',
  stopped: 'stopped by an operator',
};

/**
 * A line that says which participants are waited for, and until when; no line if none are.
 * @param timeOf writes a time
 */
export function waiting(status: Status, now: Date, timeOf = toSeconds): string[] {
  const { phase, waitingFor, participants } = status;
  if (waitingFor.length === 0) return [];
  const presence = new Map(participants.map(({ name, presence }) => [name, presence]));
  const absent = new Set<string | undefined>(['gone', 'not joined', 'left']);
  const who = waitingFor.map((name) => {
    const state = presence.get(name);
    return absent.has(state) ? `${name} (${state})` : name;
  });
  if (phase === 'finished')
    return [`waits for ${listed(who)} to fetch the final model, ${untilWhen(status, now, timeOf)}`];
  return [`waits for ${listed(who)}${untilEnough(status, now, timeOf)}`];
}

function untilEnough(status: Status, now: Date, timeOf: typeof toSeconds): string {
  const { quorum, received, deadline, deadlinePassed, phase, participants } = status;
  if (quorum === undefined) return ': all of them are needed';
  const missing = quorum - received.length;
  const more =
    missing > 0 ? `${missing} more ${missing === 1 ? 'is' : 'are'} enough` : 'the others are enough';
  if (deadlinePassed) return `: the deadline has passed, ${more}`;
  if (deadline === undefined) {
    const joined = participants.filter(({ presence }) => !notThere.has(presence));
    // The first deadline is not set before there is a quorum.
    if (joined.length < quorum) return `: at least ${quorum} ${quorum === 1 ? 'is' : 'are'} needed`;
    const which = phase === 'training' ? 'update' : 'answer';
    return `, or until they leave: ${plural(quorum, which)} ${quorum === 1 ? 'is' : 'are'} enough then`;
  }
  return ` ${untilWhen(status, now, timeOf)}: then ${more}`;
}

const notThere: ReadonlySet<string> = new Set(['not joined', 'left', 'dropped']);

/** `until 2030-01-01T14:05:00Z (12 s from now)` */
function untilWhen({ deadline = '' }: Status, now: Date, timeOf: typeof toSeconds): string {
  const seconds = (Date.parse(deadline) - now.getTime()) / 1000;
  const far = duration(Math.abs(Math.round(seconds)));
  return `until ${timeOf(deadline)} (${seconds < 0 ? `${far} ago` : `${far} from now`})`;
}

const toSeconds = (at: string) => `${at.slice(0, 19)}Z`;

type StatusRow = Status['participants'][number];

function table(status: Status): string[] {
  const { participants, waitingFor, received, metric, copied, phase, unit } = status;
  // A status does not say what the data are: an image is an example, too.
  const words = unit === undefined ? anyWords : { ...anyWords, units: `${unit}s` };
  const waited = new Set(waitingFor);
  const isIn = new Set(received);
  const part = (name: string) => {
    if (phase === 'finished') return waited.has(name) ? 'to fetch the model' : '';
    return waited.has(name) ? 'awaited' : isIn.has(name) ? 'in' : '';
  };
  const header = ['participant', 'presence', 'examples', 'this round', 'copied model', 'at work'];
  const rows = participants.map((participant) => {
    const { name, examples } = participant;
    const own = copied[name];
    return [
      name,
      presenceOf(participant),
      examples === undefined ? '' : count(examples),
      part(name),
      own === undefined ? '' : writtenOf(metric, own),
      doing(participant, words),
    ];
  });
  // An empty column is left out.
  const columns = header.map((_, k) => k).filter((k) => k === 0 || rows.some((row) => row[k] !== ''));
  const shown = [header, ...rows].map((row) => columns.map((k) => row[k] ?? ''));
  const left = columns.flatMap((k, place) => (k === 2 || k === 4 ? [] : [place]));
  return textTable(shown, left);
}

export function presenceOf({ presence, since }: StatusRow, timeOf = toSeconds): string {
  if (presence === 'unknown') return '';
  return presence === 'gone' && since !== undefined ? `gone since ${timeOf(since)}` : presence;
}

/** What a participant is doing, and how fast. */
export function doing({ presence, reason, progress }: StatusRow, words: Words): string {
  if (presence === 'left') return reason ?? '';
  if (progress === undefined) return '';
  const { activity, epoch, epochs, step, steps } = progress;
  return [
    activity,
    epoch !== undefined && epochs !== undefined && `epoch ${epoch} of ${epochs}`,
    step !== undefined && steps !== undefined && `step ${step} of ${steps}`,
    speedText(progress, words),
  ]
    .filter(Boolean)
    .join(', ');
}
