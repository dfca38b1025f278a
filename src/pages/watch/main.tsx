/** The dashboard's page: it watches a federation. */
import '../common/no-eval.js';
import { render } from 'preact';
import { useEffect, useReducer } from 'preact/hooks';
import { CommonweightError } from '../../base/error.js';
import { RefusedError } from '../../transport/error.js';
import { pageSocket } from '../../transport/hub/client/page/page-socket.js';
import { watchHub } from '../../transport/hub/client/watch-hub.js';
import { fragmentToken } from '../common/fragment-token.js';
import { Dashboard } from './dashboard.js';
import { initialWatchState, newFrom, type WatchEvent, watched } from './watch-state.js';

const token = fragmentToken(location.hash);
// Another link was pasted into the same tab.
addEventListener('hashchange', () => location.reload());

/** Frames change the state at once; it is drawn with the page's next frame. */
function watch(token: string, onChange: (state: typeof initialWatchState) => void): AbortController {
  const leaving = new AbortController();
  let state = initialWatchState;
  let heardAt: Date | undefined;
  const tell = (event: WatchEvent) => {
    state = watched(state, event);
    onChange(state);
  };
  watchHub({
    open: pageSocket({ url: new URL(location.origin), token }, 'watch'),
    signal: leaving.signal,
    from: () => newFrom(state),
    onFrame: (frame) => tell({ type: 'frame', frame }),
    onHeard() {
      heardAt = new Date();
    },
    onTrouble: (reason) => tell({ type: 'trouble', reason, heardAt }),
  }).catch((error: unknown) => {
    const hint = error instanceof CommonweightError ? error.hint : undefined;
    const reason = error instanceof Error ? error.message : String(error);
    const takesPart = error instanceof RefusedError && error.reason === 'role';
    tell({ type: 'refused', reason: reason.replace(/^transport: /, ''), hint, takesPart });
  });
  return leaving;
}

function Watching({ token }: { readonly token: string }) {
  const [state, show] = useReducer(
    (_: typeof initialWatchState, now: typeof initialWatchState) => now,
    initialWatchState,
  );
  useEffect(() => {
    const leaving = watch(token, show);
    return () => leaving.abort();
  }, [token]);
  return <Dashboard state={state} />;
}

const WithoutToken = () => (
  <main>
    <h1>A federation</h1>
    <p class="note">
      This address has no whole token, so there is nothing to see. The whole link, with <code>#token=</code>{' '}
      at its end, is made by <code>commonweight serve</code> when it starts: ask its operator.
    </p>
  </main>
);

const app = document.getElementById('app');
if (app !== null) render(token === undefined ? <WithoutToken /> : <Watching token={token} />, app);
