/**
 * The present state of a participant in a page: its connection, its data, its store in the browser,
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
  /** Set while it takes part. Aborting it makes the participant leave. */
  leaving: AbortController | undefined;
  readonly data: ChosenData;
  readonly finished: FinishedRun;
  readonly post: (event: WorkerEvent) => void;
}

export const pageParticipant = (post: (event: WorkerEvent) => void): PageParticipant => ({
  ...{ connection: undefined, kept: undefined, leaving: undefined },
  ...{ data: chosenData(post), finished: finishedRun(post), post },
});

/** Resets the state; the store in the browser stays. */
export function clear({ data, finished }: PageParticipant): void {
  data.clear();
  finished.clear();
}

export async function disconnect(page: PageParticipant): Promise<void> {
  const { end } = page.connection ?? {};
  page.connection = undefined;
  await end?.close();
}
