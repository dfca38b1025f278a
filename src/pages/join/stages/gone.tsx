/**
 * Shown when the page no longer takes part: the user left, removed everything, or the page cannot
 * continue.
 */
import type { JoinState } from '../state/join-state.js';
import { failureHelp, failureTitles } from '../state/words.js';
import { ProblemNote } from './problem-note.js';
import { Rounds } from './rounds.js';
import { StageHeading } from './stage-heading.js';

export interface GoneProps {
  readonly state: JoinState;
  /** Starts again, with the data and work that are kept on this device. */
  onAgain(): void;
  onForget(): void;
}

export function Left({ state: { rounds, federation }, onAgain, onForget }: GoneProps) {
  return (
    <section aria-labelledby="left">
      <StageHeading id="left">You have left</StageHeading>
      <p>
        What this device had handed in still counts. Your data, and what was trained last, are kept in this
        browser, so that you can take part again.
      </p>
      <Rounds rounds={rounds} metric={federation?.metric} />
      <div class="buttons">
        <button type="button" class="main" onClick={onAgain}>
          Take part again
        </button>
      </div>
      <Forget onForget={onForget} />
    </section>
  );
}

export function Forgotten({ onAgain }: Pick<GoneProps, 'onAgain'>) {
  return (
    <section aria-labelledby="forgotten">
      <StageHeading id="forgotten">Everything is forgotten</StageHeading>
      <p>Your data, the weights and the model are gone from this browser. What was handed in still counts.</p>
      <div class="buttons">
        <button type="button" onClick={onAgain}>
          Begin anew
        </button>
      </div>
    </section>
  );
}

export function Failed({ state: { failure, rounds, federation }, onAgain, onForget }: GoneProps) {
  if (failure === undefined) return null;
  const { kind } = failure;
  // A failure before there was a federation has explained itself.
  const help = kind === 'other' && federation === undefined ? undefined : failureHelp[kind];
  return (
    <section aria-labelledby="failed">
      <StageHeading id="failed">{failureTitles[kind]}</StageHeading>
      {kind !== 'replaced' && <ProblemNote problem={failure} />}
      {help !== undefined && <p>{help}</p>}
      <Rounds rounds={rounds} metric={federation?.metric} />
      <div class="buttons">
        <button type="button" class="main" onClick={onAgain}>
          {kind === 'replaced' ? 'Take over again' : 'Try again'}
        </button>
      </div>
      {federation !== undefined && <Forget onForget={onForget} />}
    </section>
  );
}

export function Forget({ onForget }: Pick<GoneProps, 'onForget'>) {
  return (
    <>
      <h3>Kept on this device</h3>
      <p>
        Your data as the network sees them, the last weights, and the merged model, in this browser alone.
      </p>
      <button type="button" onClick={onForget}>
        Forget everything on this device
      </button>
    </>
  );
}
