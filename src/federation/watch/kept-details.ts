/**
 * Keeps the measurements of the newest rounds in memory, for observers. With many participants,
 * those of one round can be a megabyte. The files of all rounds stay in the run folder.
 */
import type { RoundDetails } from '../../protocol/round-details.js';
import type { RoundRecord } from '../rounds/round.js';

/** The size of all of them as JSON. */
const MOST_BYTES = 4 * 2 ** 20;

export interface KeptDetails {
  /** @returns whether there is still room for those of earlier rounds */
  keep(details: RoundDetails): boolean;
  /** The measurements of the merge in this record. */
  of(record: RoundRecord): RoundDetails | undefined;
}

export function keptDetails(mostBytes = MOST_BYTES): KeptDetails {
  const kept = new Map<number, { readonly details: RoundDetails; readonly bytes: number }>();
  return {
    keep(details) {
      kept.set(details.round, { details, bytes: JSON.stringify(details).length });
      let left = mostBytes;
      for (const round of [...kept.keys()].sort((a, b) => b - a)) {
        left -= kept.get(round)?.bytes ?? 0;
        if (left < 0) kept.delete(round);
      }
      return left > 0;
    },
    of({ round, merged }) {
      const details = kept.get(round)?.details;
      return merged !== undefined && details?.sha256 === merged.sha256 ? details : undefined;
    },
  };
}
