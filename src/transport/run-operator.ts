/**
 * What an operator may ask of a run through a hub. The process that leads the run does it, or says
 * in an error why it is not done.
 */
export interface RunOperator {
  /** Ends the run for good. */
  stop(): Promise<void>;
  /**
   * Expects nothing of a participant any more. @returns the rounds whose models hold its updates
   */
  drop(participant: string): Promise<readonly number[]>;
  /** Takes the run up again after an earlier round, or before round 1. */
  rollback(to: number): Promise<void>;
}
