/** Says whether the page shows the present state of the run. */
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
          <p class="note">
            The run is finished, and its hub no longer answers. This page shows how it ended.
          </p>
        );
      }
      return (
        <p class="note alert">
          <strong>Connection lost, trying again.</strong>{' '}
          {connection.heardAt !== undefined && `This page shows the run at ${timeOf(connection.heardAt)}. `}
          <span class="quiet">{connection.reason}</span>
        </p>
      );
    case 'refused':
      if (connection.takesPart) {
        return (
          <p class="note alert">
            <strong>This link is for taking part, not for watching:</strong> {connection.reason}.{' '}
            <a href={`/join${location.hash}`}>Open the page to take part</a>, or ask the operator of the
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
