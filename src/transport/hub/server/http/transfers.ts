/**
 * Limits the uploads and downloads that run at once, of one participant and in all. One too many is
 * refused, and does not wait.
 */
import type { HubLimits } from '../guard/limits.js';
import { Refusal } from './refusal.js';

export interface Transfers {
  /** @throws Refusal when there are too many already */
  run<Result>(participant: string, work: () => Promise<Result>): Promise<Result>;
}

export function transfers(limits: Pick<HubLimits, 'transfers' | 'transfersInAll'>): Transfers {
  const running = new Map<string, number>();
  let inAll = 0;
  return {
    async run(participant, work) {
      const own = running.get(participant) ?? 0;
      if (own >= limits.transfers) {
        throw new Refusal(429, 'transfers', `"${participant}" has ${own} uploads and downloads at once`);
      }
      if (inAll >= limits.transfersInAll) {
        throw new Refusal(429, 'transfers', `there are ${inAll} uploads and downloads at once`);
      }
      inAll++;
      running.set(participant, own + 1);
      try {
        return await work();
      } finally {
        inAll--;
        running.set(participant, (running.get(participant) ?? 1) - 1);
      }
    },
  };
}
