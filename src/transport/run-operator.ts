/**
 * The requests of an operator to a run, through a hub. The process that leads the run carries them
 * out, or says in an error why not.
 */
export interface RunOperator {
  /** Ends the run for good. */
  stop(): Promise<void>;
  /**
   * Drops a participant: the run no longer waits for it. @returns the rounds whose models contain
   * its updates
   */
  drop(participant: string): Promise<readonly number[]>;
  /** Resumes the run after an earlier round, or with 0 before round 1. */
  rollback(to: number): Promise<void>;
}
