/** Chooses the attackers of a simulation: the last participants, by the configuration's attack. */
import type { Attack } from '../../attack/attack.js';
import { attackOf } from '../../attack/attacks.js';
import { randomStream } from '../../base/random.js';
import type { Configuration } from '../../protocol/configuration/configuration.js';
import type { LocalWork } from '../../training/local-training.js';

export interface Attackers {
  readonly attack: Attack;
  readonly names: readonly string[];
}

export function attackersOf(
  { attack }: Configuration,
  participants: readonly string[],
): Attackers | undefined {
  if (attack === undefined) return undefined;
  return { attack: attackOf(attack, participants.length), names: participants.slice(-attack.attackers) };
}

/** The attack of this participant; undefined for an honest one. */
export function attackBy(participant: string, attackers: Attackers | undefined): Attack | undefined {
  return attackers?.names.includes(participant) ? attackers.attack : undefined;
}

/** What the attacker hands in of a state that it has trained. */
export function handedIn(
  attack: Attack | undefined,
  base: Float32Array,
  trained: Float32Array,
  { seed, participant, round }: LocalWork,
): Float32Array {
  if (attack?.from !== 'own-update') return trained;
  return attack.craft(base, trained, randomStream(seed, participant, round, 'attack'));
}
