/** The blobs that a run still refers to: models, and the files of the current round. */
import type { RoundRecord, RunState } from './round.js';

export function namedBlobs({ rounds }: RunState): ReadonlySet<string> {
  const { merged, updates, contributed } = rounds.at(-1) as RoundRecord;
  const counted = merged === undefined ? [...updates.values()] : [];
  const named = [
    ...rounds.flatMap(({ merged, refitted, computed }) => [
      ...[merged?.sha256, merged?.average, refitted?.sha256],
      ...Object.values(computed),
      ...Object.values(merged?.common ?? {}),
    ]),
    ...counted.flatMap(({ sha256, attachments = {} }) => [sha256, ...Object.values(attachments)]),
    ...Object.values(contributed).flatMap((work) => [...work.values()].map(({ sha256 }) => sha256)),
  ];
  return new Set(named.filter((sha256) => sha256 !== undefined));
}
