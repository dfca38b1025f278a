/**
 * The coordinator's side of `demonstration-share.ts`. The data set is loaded when the first
 * participant asks and released when nobody does, so a coordinator that lends nothing needs no
 * memory for it.
 */
import type { ImageSplit } from '../../data/images/image-dataset.js';
import type { Configuration } from '../../protocol/configuration/configuration.js';
import type { LendShare } from '../../transport/transport.js';
import { encodeShare } from '../participant/demonstration-share.js';
import { sharesOf } from '../plan/dealt-shares.js';

export function lendShares(
  configuration: Configuration,
  participants: readonly string[],
  load: () => Promise<ImageSplit>,
): LendShare {
  let data: Promise<ImageSplit> | undefined;
  /** All shares together are not larger than the data set. */
  const encoded = new Map<string, Promise<Uint8Array>>();
  let asking = 0;
  async function encode(participant: string): Promise<Uint8Array> {
    data ??= load();
    const { train, test } = await data;
    const share = sharesOf(configuration, { train, test }, 'the federation')[
      participants.indexOf(participant)
    ];
    if (share === undefined) throw new Error(`internal: "${participant}" has no share`);
    return encodeShare({ dataset: train, share });
  }
  return async (participant, send) => {
    asking++;
    try {
      const bytes = encoded.get(participant) ?? encode(participant);
      encoded.set(participant, bytes);
      await send(await bytes);
    } finally {
      asking--;
      if (asking === 0) {
        data = undefined;
        encoded.clear();
      }
    }
  };
}
