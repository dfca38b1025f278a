/** Announcements for a screen reader: of rounds and the connection, not of every step. */
import { writtenOf } from '../../metrics/metric.js';
import { headline } from '../../report/text/status-lines.js';
import { anyWords, wordsOf } from '../../report/words.js';
import type { WatchState } from './watch-state.js';

/** Undefined if there is nothing to say. */
export function announcement(before: WatchState, now: WatchState): string | undefined {
  const [was, is] = [before.connection.at, now.connection.at];
  if (is === 'refused' && was !== is) return 'The hub does not show the run.';
  if (is === 'lost' && was === 'live') return 'Connection lost, trying again.';
  if (is === 'live' && was === 'lost') return 'Connected again.';
  const [earlier, status] = [before.status, now.status];
  if (earlier === undefined || status === undefined) return undefined;
  if (status.phase === 'finished' && earlier.phase !== 'finished') {
    return `The run has ${headline(status)}.${resultOf(now)}`;
  }
  if (status.round !== earlier.round) {
    return `Round ${status.round} of ${status.rounds} begins.${resultOf(now)}`;
  }
  return undefined;
}

function resultOf({ status, overview }: WatchState): string {
  if (status?.test === undefined) return '';
  const { examples } = overview === undefined ? anyWords : wordsOf(overview, overview.configuration);
  return ` The last merged model has ${writtenOf(status.metric, status.test)} on the test ${examples}.`;
}
