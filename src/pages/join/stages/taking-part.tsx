/** Shows the current work, the results so far, and the button to leave. */
import { useRef } from 'preact/hooks';
import { byteSize, count } from '../../../report/numbers.js';
import type { JoinState, WorkStatus } from '../state/join-state.js';
import { statusText } from '../state/words.js';
import { AboutFederationAgain } from './about-federation.js';
import { OwnDataSummary } from './own-data.js';
import { Rounds } from './rounds.js';
import { StageHeading } from './stage-heading.js';

export function TakingPart({ state, onLeave }: { readonly state: JoinState; onLeave(): void }) {
  const { stage, federation, data, work, rounds, notes, runtime, resumed } = state;
  return (
    <section aria-labelledby="now">
      <StageHeading id="now">{stage === 'leaving' ? 'Leaving' : 'Taking part'}</StageHeading>
      {resumed && <p class="note">This device took part before the page was loaded again, and continues.</p>}
      <p class="now">{statusText(state)}</p>
      <HowFar work={work} />
      <dl class="figures">
        <Figure name="Round" value={work.round === 0 ? '–' : count(work.round)} />
        <Figure name="Epoch" value={part(work.progress?.epoch, work.progress?.epochs)} />
        <Figure
          name="Examples a second"
          value={
            work.progress?.examplesPerSecond === undefined ? '–' : count(work.progress.examplesPerSecond)
          }
        />
        <Figure name="Loss" value={work.progress?.loss?.toFixed(3) ?? '–'} />
      </dl>
      {notes.length > 0 && (
        <ul class="note" aria-label="What went otherwise">
          {notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      )}
      <Rounds rounds={rounds} metric={federation?.metric} />
      {runtime !== undefined && <p class="quiet">Computed by {runtime}.</p>}
      <p class="quiet">
        This tab may lie in the background. Closed, or loaded again, it goes on where it was as soon as the
        link is open again.
      </p>
      {stage !== 'leaving' && <Leave onLeave={onLeave} />}
      {federation !== undefined && data !== undefined && (
        <details>
          <summary>Your data</summary>
          <OwnDataSummary federation={federation} data={data} />
        </details>
      )}
      {federation !== undefined && <AboutFederationAgain federation={federation} />}
    </section>
  );
}

const part = (at: number | undefined, of: number | undefined) =>
  at === undefined ? '–' : of === undefined ? count(at) : `${count(at)} of ${count(of)}`;

function Figure({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function HowFar({ work: { activity, progress, bytes } }: { readonly work: WorkStatus }) {
  const { step, steps } = progress ?? {};
  if (activity === 'training' && step !== undefined && steps !== undefined) {
    return (
      <label class="how-far">
        Step {count(step)} of {count(steps)}
        <progress max={steps} value={step} />
      </label>
    );
  }
  if (bytes === undefined) return null;
  return (
    <label class="how-far">
      {activity === 'uploading' ? 'Sending' : 'Fetching'} {byteSize(bytes)}
      <progress />
    </label>
  );
}

function Leave({ onLeave }: { onLeave(): void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  return (
    <>
      <button type="button" onClick={() => dialog.current?.showModal()}>
        Leave …
      </button>
      <dialog ref={dialog} aria-labelledby="leave">
        <h2 id="leave">Leave this federation?</h2>
        <p>
          What this device has handed in still counts. The round under way is given up after the step at hand,
          and the coordinator is told. You can take part again later, by the same link.
        </p>
        <div class="buttons">
          <button
            type="button"
            class="main"
            onClick={() => {
              dialog.current?.close();
              onLeave();
            }}
          >
            Leave
          </button>
          <button type="button" onClick={() => dialog.current?.close()}>
            Stay
          </button>
        </div>
      </dialog>
    </>
  );
}
