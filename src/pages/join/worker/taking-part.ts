/**
 * Takes part in a page until the run is over or the user leaves. Before the start, it only waits
 * for the end of the run.
 */
import { throttled } from '../../../base/throttle.js';
import { SMALLEST_COUNT } from '../../../data/survey/own-answer.js';
import { onlookersModel } from '../../../federation/participant/final-model.js';
import { FINAL_MODEL } from '../../../federation/participant/kept/participant-files.js';
import {
  compileInPage,
  joinFederationFromPage,
} from '../../../federation/participant/page/join-federation-from-page.js';
import type { TakePartOutcome } from '../../../federation/participant/take-part.js';
import type { WorkerEvent } from '../state/messages.js';
import { withRound } from '../state/rounds-so-far.js';
import { failedEvent } from './failure.js';
import type { PageConnection } from './hub-in-page.js';
import type { DeviceStore } from './kept.js';
import { disconnect, type PageParticipant } from './page-participant.js';
import { type Tell, watchedEnd, workObserver } from './watch-work.js';

/** The interval of progress events to the page. */
export const PROGRESS_MS = 200;

/** @param tell reports the work's events; see `tellingOf` */
export async function takePartInPage(page: PageParticipant, tell: Tell, resumed: boolean): Promise<void> {
  const { connection, kept, post } = page;
  const data = page.data.current();
  if (connection === undefined || kept === undefined || data === undefined) return;
  const { end } = connection;
  post({ type: 'started', resumed });
  page.leaving = new AbortController();
  try {
    const outcome = await joinFederationFromPage(watchedEnd(end, tell), end.participant, {
      data,
      folder: kept.folder,
      shareLabelCounts: kept.session().shareLabelCounts,
      ...(kept.session().shareSums && { shareSums: { smallestCount: SMALLEST_COUNT } }),
      observer: workObserver(end.participant, tell),
      signal: page.leaving.signal,
      onNotice: (notice) => post({ type: 'notice', notice }),
    });
    await conclude(page, outcome);
  } catch (error) {
    post(failedEvent(error));
  }
  page.leaving = undefined;
  await disconnect(page);
}

async function conclude({ kept, finished, post }: PageParticipant, outcome: TakePartOutcome): Promise<void> {
  if (outcome.type === 'left') {
    await kept?.remember({ started: false });
    post({ type: 'left' });
  } else if (kept !== undefined) await finished.conclude(kept, outcome);
}

/** Reports the work's events to the page: progress not too often, and each round is kept. */
export function tellingOf(page: PageParticipant): Tell {
  const progress = throttled<WorkerEvent>(page.post, PROGRESS_MS);
  return (event) => {
    if (event.type === 'progress') return progress.tell(event);
    if (event.type === 'round') {
      const rounds = withRound(page.kept?.session().rounds ?? [], event.round);
      void page.kept?.remember({ rounds: [...rounds] });
    }
    page.post(event);
  };
}

/** Watches, until the user starts, whether another page takes its place or the run is over. */
export async function standBy(
  page: PageParticipant,
  { end }: PageConnection,
  { folder }: DeviceStore,
): Promise<void> {
  const isPast = () => page.leaving !== undefined || page.connection?.end !== end;
  try {
    for await (const assignment of end.assignments()) {
      if (isPast()) return;
      if (assignment.type !== 'finished') continue;
      const federation = await compileInPage(end);
      const { signal } = new AbortController();
      const model = await onlookersModel(end, end.participant, federation, folder, assignment, signal);
      if (isPast()) return;
      if (model !== undefined) await folder.write(FINAL_MODEL, model);
      if (page.kept !== undefined) await page.finished.conclude(page.kept, assignment);
      await disconnect(page);
      return;
    }
  } catch (error) {
    if (isPast()) return;
    page.post(failedEvent(error));
    await disconnect(page);
  }
}
