/** Collects the facts of the rounds so far: a new fact is added to the known ones of its round. */
import type { RoundFacts } from './messages.js';

export function withRound(rounds: readonly RoundFacts[], facts: RoundFacts): readonly RoundFacts[] {
  const before = rounds.find(({ round }) => round === facts.round);
  const others = rounds.filter(({ round }) => round !== facts.round);
  return [...others, { ...before, ...facts }].sort((a, b) => a.round - b.round);
}
