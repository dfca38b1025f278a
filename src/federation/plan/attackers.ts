/** Chooses the attackers of a simulation: the last participants, by the configuration's attack. */
import type { Attack } from '../../attack/attack.js';
import { attackOf } from '../../attack/attacks.js';
import type { Configuration } from '../../protocol/configuration/configuration.js';

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
