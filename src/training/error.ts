import { CommonweightError } from '../base/error.js';

export class TrainingError extends CommonweightError {
  override readonly name: string = 'TrainingError';
}

/** The loss, or a weight, of a participant is no longer a finite number. */
export class DivergedError extends TrainingError {
  override readonly name = 'DivergedError';
}
