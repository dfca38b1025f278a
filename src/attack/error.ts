import { CommonweightError } from '../base/error.js';

/** An attack that cannot be made. */
export class AttackError extends CommonweightError {
  override readonly name = 'AttackError';
}
