/** Sentences about the state of the page, also for screen readers. */
import { byteSize, count } from '../../../report/numbers.js';
import type { JoinState } from './join-state.js';
import type { FailureKind, FederationFacts, Finish, PictureTrial } from './messages.js';

/**
 * The status in a sentence. It is read out, so it changes with the activity and not with every
 * step.
 */
export function statusText(state: JoinState): string {
  const { stage, finish, failure } = state;
  switch (stage) {
    case 'opening':
      return 'Asking the coordinator what this federation is about …';
    case 'choosing':
      return 'Nothing has been read yet, and nothing has left this device.';
    case 'reading':
      return 'Reading your data, on this device …';
    case 'ready':
      return 'Your data are read. Nothing has left this device.';
    case 'taking-part':
      return workText(state);
    case 'leaving':
      return 'Leaving: the current step is being finished, and the coordinator is told.';
    case 'left':
      return 'This device takes no part any more.';
    case 'forgotten':
      return 'Nothing of this federation is kept on this device any more.';
    case 'finished':
      return finish === undefined ? 'The run is over.' : `The run is over: ${finishText(finish)}`;
    case 'failed':
      return failure === undefined ? 'This page cannot continue.' : failureTitles[failure.kind];
  }
}

function workText({ work, federation }: JoinState): string {
  const { round, activity, bytes } = work;
  if (round === 0) return 'Getting ready …';
  const of = `round ${count(round)}${federation === undefined ? '' : ` of at most ${count(federation.rounds)}`}`;
  const size = bytes === undefined ? '' : `, ${byteSize(bytes)}`;
  switch (activity) {
    case 'idle':
      return `Beginning ${of}.`;
    case 'surveying':
      return 'Counting values in your training rows, on this device.';
    case 'training':
      return `Training in ${of}, on this device.`;
    case 'evaluating':
      return `Trying the merged model of ${of} on your validation data.`;
    case 'uploading':
      return `Sending the weights of ${of}${size}.`;
    case 'downloading':
      return `Fetching the model of ${of}${size}.`;
    case 'waiting':
      return `This device’s part of ${of} is done. Waiting for the others and for the coordinator.`;
  }
}

const finishReasons: Readonly<Record<Finish['reason'], string>> = {
  'every-participant-passed': 'the merged model is good enough for every participant.',
  'max-rounds': 'all rounds are done.',
  stopped: 'its operator has stopped it.',
  failed: 'it has failed.',
};
export const finishText = ({ reason, message }: Finish) => message ?? finishReasons[reason];

export const failureTitles: Readonly<Record<FailureKind, string>> = {
  replaced: 'Another page has taken over',
  'not-let-in': 'The coordinator does not let this page in',
  work: 'The work on this device has failed',
  other: 'This page cannot continue',
};

/** The next step after a failure, if the error itself does not say it. */
export const failureHelp: Readonly<Record<FailureKind, string>> = {
  replaced:
    'The same link was opened in another tab, in another browser or on another device, and only one of them can take part. Go on there, or take over again here: the other one then stops.',
  'not-let-in':
    'Ask the operator of the federation for a new link, and open the whole link: the part after # belongs to it.',
  work: 'What was handed in still counts. Try again; if it fails again, tell the operator of the federation what the message says.',
  other: 'Try again. What was handed in still counts, and what was trained is kept on this device.',
};

export const noToken = {
  message: 'The link to this page is not complete: a whole link ends in #token= and 43 letters and digits.',
  hint: 'open the whole link that you were given',
};

/** The other participants: by name, or "3 others" if they are many. */
export function othersText({ others }: FederationFacts): string {
  if (others.length === 0) return 'no other participant';
  if (others.length > 6) return `${count(others.length)} others`;
  return others.length === 1 ? `${others[0]}` : `${others.slice(0, -1).join(', ')} and ${others.at(-1)}`;
}

export function imageText([channels, height, width]: PictureTrial['imageShape']): string {
  const colours = channels === 1 ? 'grey' : channels === 3 ? 'in colour' : `of ${channels} channels`;
  return `${width} × ${height} pixels, ${colours}`;
}

/** As few digits as tell numbers of a column apart: 54.4, 0.0123, 1.2e9. */
export function shortNumber(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e7 || (size < 1e-4 && size > 0)) return value.toExponential(1);
  return String(Number(value.toPrecision(size >= 1000 ? 6 : 3)));
}

/** Days since 1970-01-01 → "2026-12-31" */
export function dayText(days: number): string {
  const date = new Date(Math.round(days) * 86_400_000);
  return Number.isNaN(date.getTime()) ? shortNumber(days) : date.toISOString().slice(0, 10);
}

/** The features that the browser lacks, and what each costs. */
export function deviceNotices(page: {
  readonly isSecureContext: boolean;
  readonly crossOriginIsolated: boolean;
}): readonly string[] {
  if (!page.isSecureContext)
    return [
      'This page came over plain HTTP from another machine. The browser then gives it one thread and no GPU, and hashes are computed in JavaScript. Everything works, but more slowly. Over HTTPS, or on the coordinator’s own machine, it is faster.',
    ];
  if (!page.crossOriginIsolated)
    return [
      'This page is not isolated from other origins, so the browser gives it one thread only: everything works, but more slowly.',
    ];
  return [];
}
