/**
 * Says in words why an operator may not drop a participant, or go back to an earlier round.
 * `rounds.ts` has the effects of these acts.
 */
import { MOST_ROLLBACKS } from '../../protocol/assignment.js';
import type { RunState } from './round.js';

const OVER = 'the run is over';

/** @param tooFew why the run cannot go on with so few participants, if it cannot */
export function dropProblem(
  { rules: { participants }, dropped, stopped }: RunState,
  participant: string,
  tooFew: (participants: number) => string | undefined = () => undefined,
): string | undefined {
  if (!participants.includes(participant)) {
    return `the run has no such participant, but ${participants.slice(0, 20).join(', ')}`;
  }
  if (dropped.has(participant)) return undefined;
  if (stopped !== undefined) return OVER;
  const left = participants.length - dropped.size - 1;
  return left === 0 ? 'nobody would be left' : tooFew(left);
}

export function rollbackProblem({ rounds, rollbacks, stopped }: RunState, to: number): string | undefined {
  if (stopped !== undefined) return OVER;
  const { length } = rounds;
  if (to >= length) {
    const expected =
      length === 1 ? '0, which is its beginning' : `a round before that, from 0 to ${length - 1}`;
    return `it is in round ${length}, and is to go back to ${to}: expected ${expected}`;
  }
  return rollbacks.length < MOST_ROLLBACKS ? undefined : `it has done so ${MOST_ROLLBACKS} times`;
}
