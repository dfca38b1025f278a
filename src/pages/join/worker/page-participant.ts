/**
 * What a participant in a page has at the moment: its connection, its data, what the browser keeps,
 * the end of the run.
 */
import type { WorkerEvent } from '../state/messages.js';
import { type ChosenData, chosenData } from './chosen-data.js';
import { type FinishedRun, finishedRun } from './finished-run.js';
import type { PageConnection } from './hub-in-page.js';
import type { DeviceStore } from './kept.js';

export interface PageParticipant {
  connection: PageConnection | undefined;
  kept: DeviceStore | undefined;
  /** Set while it takes part; aborted, it leaves. */
  leaving: AbortController | undefined;
  readonly data: ChosenData;
  readonly finished: FinishedRun;
  readonly post: (event: WorkerEvent) => void;
}

export const pageParticipant = (post: (event: WorkerEvent) => void): PageParticipant => ({
  ...{ connection: undefined, kept: undefined, leaving: undefined },
  ...{ data: chosenData(post), finished: finishedRun(post), post },
});

/** As before there was any federation, but for what the browser keeps. */
export function clear({ data, finished }: PageParticipant): void {
  data.clear();
  finished.clear();
}

export async function disconnect(page: PageParticipant): Promise<void> {
  const { end } = page.connection ?? {};
  page.connection = undefined;
  await end?.close();
}
