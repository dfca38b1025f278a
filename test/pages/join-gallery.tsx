/** Shows the join page in a state of `join-states.ts`. */
import { render } from 'preact';
import { JoinPage } from '../../src/pages/join/join-page.js';
import { deviceNotices } from '../../src/pages/join/state/words.js';
import { joinStates } from './join-states.js';

declare global {
  var showState: (name: string) => void;
}

const nothing = () => {};

globalThis.showState = (name) => {
  const app = document.getElementById('app');
  const state = joinStates.get(name);
  if (app === null || state === undefined) throw new Error(`there is no state "${name}"`);
  const plain = { isSecureContext: false, crossOriginIsolated: false };
  render(
    <JoinPage
      key={name}
      state={state}
      notices={name === 'choosing' ? deviceNotices(plain) : []}
      onFiles={nothing}
      onDemonstration={nothing}
      onChooseAgain={nothing}
      onStart={nothing}
      onLeave={nothing}
      onAgain={nothing}
      onForget={nothing}
      onExport={nothing}
      onPredict={nothing}
    />,
    app,
  );
};
