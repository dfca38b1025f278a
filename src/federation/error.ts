import { CommonweightError } from '../tensor/error.js';
import type { RunResult } from './run-result.js';

export class FederationError extends CommonweightError {
  override readonly name = 'FederationError';
}

/** The loss of a participant is no sound number any more. */
export class DivergedError extends CommonweightError {
  override readonly name = 'DivergedError';
  /** What the run had come to. */
  readonly result: RunResult | undefined;

  constructor(message: string, options: { hint?: string; cause?: unknown; result?: RunResult } = {}) {
    super(message, options);
    this.result = options.result;
  }
}

/** A task was given up because the run was interrupted. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';
}

/** The file of an update is not what the journal says. It can be had again. */
export class DamagedUpdateError extends FederationError {
  readonly participant: string;

  constructor(participant: string, message: string) {
    super(message);
    this.participant = participant;
  }
}
