/**
 * The user's own data in a page: chosen, or refused with a reason, and kept in the browser in case
 * the page is loaded again.
 */
import type { OwnData } from '../../../federation/participant/own-data.js';
import type { DataSummary, WorkerEvent } from '../state/messages.js';
import { failedEvent, sentence } from './failure.js';
import type { DeviceStore } from './kept.js';
import { dataSummary } from './shown/data-summary.js';

export interface ChosenData {
  /** Undefined until data have been chosen. */
  current(): OwnData | undefined;
  summary(): DataSummary | undefined;
  /** Reads data, which may add notices. If they are refused, the page is told why. */
  choose(read: (notices: string[]) => Promise<OwnData>, kept: DeviceStore | undefined): Promise<void>;
  /** Restores data that were chosen before the page was loaded, if there are any. */
  restore(kept: DeviceStore): Promise<void>;
  /** Drops the data, so that others can be chosen. */
  drop(): void;
  clear(): void;
}

export function chosenData(post: (event: WorkerEvent) => void): ChosenData {
  let data: OwnData | undefined;
  let summary: DataSummary | undefined;

  function hold(
    found: OwnData,
    notices: readonly string[],
    resumed: boolean,
    kept: DeviceStore | undefined,
  ): void {
    data = found;
    summary = dataSummary(found, notices.map(sentence), kept?.session().data);
    post({ type: 'data', data: summary, resumed });
  }

  return {
    current: () => data,
    summary: () => summary,
    async choose(read, kept) {
      const notices: string[] = [];
      try {
        const found = await read(notices);
        await kept?.data.keep(found).catch(() => {
          notices.push(
            'This browser has no room to keep your data: choose them again after the page is loaded again.',
          );
        });
        hold(found, notices, false, kept);
      } catch (error) {
        const { message, hint } = failedEvent(error);
        post({ type: 'data-refused', message, hint });
      }
    },
    async restore(kept) {
      const found = await kept.data.load();
      if (found !== undefined) hold(found, [], true, kept);
    },
    drop() {
      data = undefined;
    },
    clear() {
      [data, summary] = [undefined, undefined];
    },
  };
}
