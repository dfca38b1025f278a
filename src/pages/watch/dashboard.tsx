/**
 * The dashboard: everything that is known of a run. Each part is drawn again only when it has
 * changed.
 */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Overview } from '../../protocol/view.js';
import { runTitle } from '../../report/run-title.js';
import { announcement } from './announcement.js';
import { ConfusionPanel } from './confusion.js';
import { ConnectionNote } from './connection-note.js';
import { Labels } from './labels.js';
import { LogPanel } from './log.js';
import { MetricTile } from './metric.js';
import { Now } from './now.js';
import { Participants } from './participants.js';
import { Pictures } from './pictures.js';
import { ScoresPanel } from './scores.js';
import { SurveyPanel } from './survey.js';
import type { WatchState } from './watch-state.js';

export function Dashboard({ state }: { readonly state: WatchState }) {
  const { overview, status, rounds, labels, survey, log } = state;
  const title = overview === undefined ? 'A federation' : runTitle(overview.configuration);
  useEffect(() => {
    document.title =
      status === undefined ? title : `${status.phase} ${status.round}/${status.rounds} · ${title}`;
  }, [title, status?.phase, status?.round, status?.rounds]);
  return (
    <>
      <header>
        <h1>{title}</h1>
        {overview?.commonweight !== undefined && (
          <p class="quiet">
            {location.host}, commonweight {overview.commonweight}, seed {overview.configuration.seed}
          </p>
        )}
        <ConnectionNote {...state} />
        <Announcer state={state} />
      </header>
      <main>
        <Now {...state} />
        {overview !== undefined && status !== undefined && (
          <div class="board">
            <Participants overview={overview} status={status} rounds={rounds} />
            {useMemo(
              () =>
                overview.categories && (
                  <Labels
                    overview={overview}
                    counts={labels}
                    surveyed={survey !== undefined && survey.targets.length > 0}
                  />
                ),
              [overview, labels, survey],
            )}
            {useMemo(
              () => (
                <MetricTile overview={overview} rounds={rounds} />
              ),
              [overview, rounds],
            )}
            {useMemo(
              () => (
                <ScoresPanel overview={overview} rounds={rounds} />
              ),
              [overview, rounds],
            )}
            {useMemo(() => survey && <SurveyPanel survey={survey} />, [survey])}
            {useMemo(
              () => overview.categories && <ConfusionPanel overview={overview} rounds={rounds} />,
              [overview, rounds],
            )}
            {useMemo(
              () => hasPictures(overview) && <Pictures overview={overview} rounds={rounds} />,
              [overview, rounds],
            )}
            {useMemo(
              () => (
                <LogPanel entries={log} />
              ),
              [log],
            )}
          </div>
        )}
      </main>
    </>
  );
}

/** Where nothing says what the data are, there is a picture only if one is shown. */
const hasPictures = ({ categories, inputs }: Overview) =>
  categories !== undefined && (inputs === undefined || inputs[0]?.meaning.kind === 'picture');

function Announcer({ state }: { readonly state: WatchState }) {
  const before = useRef(state);
  const [text, setText] = useState<string>();
  useEffect(() => {
    const news = announcement(before.current, state);
    before.current = state;
    if (news !== undefined) setText(news);
  }, [state]);
  return (
    <p class="unseen" role="status">
      {text}
    </p>
  );
}
