/**
 * The page by which a browser takes part in a federation. It draws, and leaves all work to its
 * participant worker.
 */
import '../common/no-eval.js';
import { render } from 'preact';
import { useCallback, useEffect, useReducer, useRef } from 'preact/hooks';
import { readFragment } from '../../transport/hub/client/link.js';
import { saveFile } from '../common/save-file.js';
import { JoinPage } from './join-page.js';
import { next, opening } from './state/join-state.js';
import type { PageCommand, WorkerEvent } from './state/messages.js';
import { deviceNotices, noToken } from './state/words.js';

const { token, key: coordinatorKey } = readFragment(location.hash);
// Another link was pasted into the same tab.
addEventListener('hashchange', () => location.reload());

const worker = new Worker(new URL('./worker/participant-worker.ts', import.meta.url), { type: 'module' });

function App() {
  const [state, tell] = useReducer(next, opening);
  const trials = useRef(0);
  const send = useCallback((command: PageCommand) => {
    tell({ type: 'commanded', command });
    worker.postMessage(command);
  }, []);
  const open = useCallback(() => {
    if (token === undefined) tell({ type: 'failed', kind: 'not-let-in', ...noToken });
    else send({ type: 'open', url: location.origin, token, coordinatorKey });
  }, [send]);
  useEffect(() => {
    worker.onmessage = ({ data: event }: MessageEvent<WorkerEvent>) => {
      if (event.type === 'exported') saveFile(`model.${event.format}`, new Blob([event.bytes]));
      tell(event);
    };
    worker.onerror = ({ message = 'it cannot be loaded' }: Partial<ErrorEvent>) => {
      const hint = 'load the page again';
      tell({ type: 'failed', kind: 'other', message: `The page’s worker has failed: ${message}`, hint });
    };
    open();
  }, [open]);
  return (
    <JoinPage
      state={state}
      notices={deviceNotices(globalThis)}
      onFiles={(files) => send({ type: 'read', files })}
      onDemonstration={() => send({ type: 'demonstration' })}
      onChooseAgain={() => send({ type: 'choose-again' })}
      onStart={(sharing) => send({ type: 'start', ...sharing })}
      onLeave={() => send({ type: 'leave' })}
      onAgain={open}
      onForget={() => send({ type: 'forget' })}
      onExport={(format) => send({ type: 'export', format })}
      onPredict={(example) => send({ type: 'predict', id: ++trials.current, example })}
    />
  );
}

const app = document.getElementById('app');
if (app !== null) render(<App />, app);
