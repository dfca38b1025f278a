/**
 * What an operator does to a run: each act is recorded as a fact, or refused in a sentence
 * (`operator-acts.ts`).
 */
import type { RunOperator } from '../../../transport/run-operator.js';
import { FederationError } from '../../error.js';
import { dropProblem, rollbackProblem } from '../../rounds/operator-acts.js';
import type { RunState } from '../../rounds/round.js';
import type { Ledger } from './ledger.js';

export interface OperatorOptions {
  /** Why a run cannot continue with so few participants, in words. */
  tooFew?(participants: number): string | undefined;
  /** Why the run cannot be resumed after this finished round, in words. */
  cannotReturn?(to: number, state: RunState): Promise<string | undefined>;
}

export function operatorOf(ledger: Ledger, { tooFew, cannotReturn }: OperatorOptions): RunOperator {
  const { exclusively, record } = ledger;
  return {
    stop: () =>
      exclusively(async () => {
        const { stopped, rounds } = ledger.state();
        if (stopped === undefined) await record({ type: 'stopped', round: rounds.length });
      }),
    drop: (participant) =>
      exclusively(async () => {
        const state = ledger.state();
        const problem = dropProblem(state, participant, tooFew);
        if (problem !== undefined) throw new FederationError(`"${participant}" is not dropped: ${problem}`);
        if (!state.dropped.has(participant)) {
          await record({ type: 'dropped', round: state.rounds.length, participant });
        }
        return ledger
          .state()
          .rounds.filter(({ merged, closed }) => merged && closed.train?.counted.includes(participant))
          .map(({ round }) => round);
      }),
    rollback: (to) =>
      exclusively(async () => {
        const state = ledger.state();
        const problem = rollbackProblem(state, to) ?? (await cannotReturn?.(to, state));
        if (problem !== undefined) throw new FederationError(`the run does not go back: ${problem}`);
        await record({ type: 'rolled-back', round: state.rounds.length, to });
      }),
  };
}
