/** The view of a current run, for observers. Node only. */
import type { Dataset } from '../../data/dataset.js';
import { asImages } from '../../data/images/image-dataset.js';
import type { Status } from '../../protocol/status.js';
import type { LogEntry, Overview } from '../../protocol/view.js';
import type { RunView } from '../../transport/run-view.js';
import { FederationError } from '../error.js';
import { readRoundDetails } from '../record/read-run.js';
import type { Clock } from '../rounds/clock.js';
import type { RunState } from '../rounds/round.js';
import type { RunStore } from '../rounds/run-store.js';
import { type KeptDetails, keptDetails } from './kept-details.js';
import { observedLog } from './observed-log.js';
import { observedPictures } from './observed-pictures.js';
import { observedSurvey, type ReadSurvey } from './observed-survey.js';
import { runView } from './run-view.js';

export interface LiveView extends RunView {
  /** Adds a line to the log that observers see. */
  tell(level: LogEntry['level'], text: string): void;
}

export interface LiveViewParts {
  readonly overview: Overview;
  readonly rounds: { state(): RunState; status(): Status };
  readonly details: KeptDetails;
  /** The coordinator's test examples. */
  readonly test: Dataset;
  /** Reads what was answered to the survey; undefined for a run without one. */
  readonly readSurvey: ReadSurvey | undefined;
  readonly clock: Clock;
}

export function liveView({ overview, rounds, details, test, readSurvey, clock }: LiveViewParts): LiveView {
  const log = observedLog(Date.parse(clock.now()), clock.now);
  const pictures = asImages(test);
  const noPictures = (problem: string) => log.add('warn', `no test pictures are shown: ${problem}`);
  const survey =
    readSurvey &&
    observedSurvey(readSurvey, (problem) =>
      log.add('warn', `where the sites differ is not shown: ${problem}`),
    );
  return {
    ...runView({
      ...{ overview, state: rounds.state, status: rounds.status, log: log.from },
      detailsOf: details.of,
      surveyOf: (first) => survey?.of(first),
      ...(pictures !== undefined &&
        test.examples > 0 && { pictures: observedPictures(pictures, noPictures) }),
    }),
    tell: log.add,
  };
}

/**
 * Keeps the details of earlier rounds from the store, the newest first, and of every round from now
 * on.
 */
export async function shownDetails(
  folder: string,
  store: RunStore,
): Promise<{ readonly details: KeptDetails; readonly store: RunStore }> {
  const details = keptDetails();
  const merged = store.events.flatMap((event) => (event.type === 'merged' ? [event.round] : []));
  for (const round of merged.toReversed()) {
    const one = await readRoundDetails(folder, round).catch((error: unknown) => {
      // The details are only shown: the run goes on without them.
      if (error instanceof FederationError) return undefined;
      throw error;
    });
    if (one !== undefined && !details.keep(one)) break;
  }
  return {
    details,
    store: {
      ...store,
      async keepDetails(one) {
        await store.keepDetails(one);
        details.keep(one);
      },
    },
  };
}
