/** Whether what is seen is of now. */
import { timeOf } from './times.js';
import type { WatchState } from './watch-state.js';

export function ConnectionNote({ connection, status }: WatchState) {
  switch (connection.at) {
    case 'live':
      return null;
    case 'connecting':
      return <p class="note">Connecting with the hub …</p>;
    case 'lost':
      if (status?.phase === 'finished') {
        return (
          <p class="note">The run is finished, and its hub answers no more: what you see is how it ended.</p>
        );
      }
      return (
        <p class="note alert">
          <strong>Connection lost, trying again.</strong>{' '}
          {connection.heardAt !== undefined && `What you see is of ${timeOf(connection.heardAt)}. `}
          <span class="quiet">{connection.reason}</span>
        </p>
      );
    case 'refused':
      if (connection.takesPart) {
        return (
          <p class="note alert">
            <strong>This link is for taking part, not for watching:</strong> {connection.reason}.{' '}
            <a href={`/join${location.hash}`}>Open the page to take part</a>, or ask whoever runs the
            federation for the link to watch.
          </p>
        );
      }
      return (
        <p class="note alert">
          <strong>The hub does not show the run:</strong> {connection.reason}.
          {connection.hint !== undefined && <> What to do: {connection.hint}.</>}
        </p>
      );
  }
}
