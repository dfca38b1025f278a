/** The join page, drawn from its state. */
import type { PageFile } from '../../data/page/page-files.js';
import { AboutFederation } from './stages/about-federation.js';
import { ChooseData } from './stages/choose-data.js';
import { Finished } from './stages/finished.js';
import { Failed, Forgotten, Left } from './stages/gone.js';
import { OwnDataReady } from './stages/own-data.js';
import { StageHeading } from './stages/stage-heading.js';
import { TakingPart } from './stages/taking-part.js';
import type { JoinState } from './state/join-state.js';
import type { ModelFormat, Sharing, TriedExample } from './state/messages.js';
import { statusText } from './state/words.js';

/** The actions of the user. */
export interface JoinActions {
  onFiles(files: readonly PageFile[]): void;
  onDemonstration(): void;
  onChooseAgain(): void;
  onStart(sharing: Sharing): void;
  onLeave(): void;
  onAgain(): void;
  onForget(): void;
  onExport(format: ModelFormat): void;
  onPredict(example: TriedExample): void;
}

export interface JoinPageProps extends JoinActions {
  readonly state: JoinState;
  /** Notices about features that this browser lacks. */
  readonly notices: readonly string[];
}

export function JoinPage({ state, notices, ...actions }: JoinPageProps) {
  const { federation, trouble } = state;
  return (
    <main>
      <h1>Train together, keep your data</h1>
      <p class="quiet">
        {federation === undefined
          ? 'A page that takes part in a federation'
          : `You are ${federation.participant}`}{' '}
        · Commonweight
      </p>
      <p role="status" class="unseen">
        {statusText(state)}
      </p>
      <div aria-live="polite">
        {trouble !== undefined && (
          <p class="note alert">
            No connection to the coordinator ({trouble}). It is tried again by itself; nothing is lost
            meanwhile.
          </p>
        )}
      </div>
      {notices.map((notice) => (
        <p class="note" key={notice}>
          {notice}
        </p>
      ))}
      <StageView state={state} {...actions} />
    </main>
  );
}

function StageView({ state, ...actions }: Omit<JoinPageProps, 'notices'>) {
  const { stage, federation, data, reading, dataProblem, resumed } = state;
  switch (stage) {
    case 'taking-part':
    case 'leaving':
      return <TakingPart state={state} onLeave={actions.onLeave} />;
    case 'left':
      return <Left state={state} {...actions} />;
    case 'forgotten':
      return <Forgotten onAgain={actions.onAgain} />;
    case 'finished':
      return <Finished state={state} {...actions} />;
    case 'failed':
      return <Failed state={state} {...actions} />;
    case 'opening':
      return <p>{statusText(state)}</p>;
  }
  if (federation === undefined) return null;
  return (
    <>
      <AboutFederation federation={federation} />
      {stage === 'choosing' && (
        <ChooseData
          federation={federation}
          problem={dataProblem}
          onFiles={actions.onFiles}
          onDemonstration={actions.onDemonstration}
        />
      )}
      {stage === 'reading' && (
        <section aria-labelledby="data">
          <StageHeading id="data">Your data</StageHeading>
          <label class="how-far">
            {statusText(state)}
            <progress max={reading?.of} value={reading?.done} />
          </label>
        </section>
      )}
      {stage === 'ready' && data !== undefined && (
        <OwnDataReady
          federation={federation}
          data={data}
          resumed={resumed}
          onStart={actions.onStart}
          onChooseAgain={actions.onChooseAgain}
        />
      )}
    </>
  );
}
