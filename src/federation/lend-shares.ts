/**
 * The coordinator's side of `demonstration-share.ts`. The set is read when the first participant asks, and let go when nobody
 * asks any more: a coordinator that lends nothing needs no memory for it. Node only.
 */

import type { TrainTestSplit } from '../data/image-dataset.js';
import { loadDataset } from '../data/load-dataset.js';
import type { Configuration } from '../protocol/configuration.js';
import { encodeShare } from './demonstration-share.js';
import { sharesOf } from './federation-plan.js';

/** @returns the share of one of the participants, as it travels */
export function lendShares(
  configuration: Configuration,
  participants: readonly string[],
  dataDir: string | undefined,
): (participant: string) => Promise<Uint8Array<ArrayBuffer>> {
  let data: Promise<TrainTestSplit> | undefined;
  let asking = 0;
  return async (participant) => {
    asking++;
    try {
      data ??= loadDataset(configuration.dataset, { dataDir });
      const { train, test } = await data;
      const shares = sharesOf(configuration, { train, test }, 'the federation');
      const share = shares[participants.indexOf(participant)];
      if (share === undefined) throw new Error(`internal: "${participant}" has no share`);
      return encodeShare({ dataset: train, share });
    } finally {
      if (--asking === 0) data = undefined;
    }
  };
}
