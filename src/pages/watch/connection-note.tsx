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
      return (
        <p class="note alert">
          <strong>The hub does not show the run:</strong> {connection.reason}.
          {connection.hint !== undefined && <> What to do: {connection.hint}.</>}
        </p>
      );
  }
}
