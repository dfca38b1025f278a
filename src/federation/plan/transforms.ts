/**
 * The transforms that an update passes at its participant (`transforms/transform.ts`): first an
 * attacker's change, then clipping. Attackers of a simulation are clipped, too: the coordinator
 * refuses an update beyond the bound, so a clipped one is the most they can have counted.
 */
import { randomStream } from '../../base/random.js';
import type { Configuration } from '../../protocol/configuration/configuration.js';
import { clip } from '../../transforms/clip.js';
import type { Codec } from '../../transforms/codec/codec.js';
import { asItArrives } from '../../transforms/codec/coded-file.js';
import type { Transform } from '../../transforms/transform.js';
import { type Attackers, attackBy } from './attackers.js';

export type TransformsOf = (participant: string) => readonly Transform[];

/** @param codec by which updates travel */
export function transformsOf(
  { clipUpdate, seed }: Pick<Configuration, 'clipUpdate' | 'seed'>,
  codec: Codec,
  attackers?: Attackers,
): TransformsOf {
  const arrives: Transform = (update, base, { layout }) =>
    asItArrives({ layout, data: update }, { layout, data: base }, codec).data;
  const clipping = clipUpdate === undefined ? [] : [clip(clipUpdate, arrives)];
  return (participant) => {
    const attack = attackBy(participant, attackers);
    if (attack?.from !== 'own-update') return clipping;
    const crafted: Transform = (trained, base, { round }) =>
      attack.craft(base, trained, randomStream(seed, participant, round, 'attack'));
    return [crafted, ...clipping];
  };
}
