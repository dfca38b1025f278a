import { CommonweightError } from '../base/error.js';

export class FederationError extends CommonweightError {
  override readonly name: string = 'FederationError';
}

/** The file of an update is not what the journal says. It can be had again. */
export class DamagedUpdateError extends FederationError {
  readonly participant: string;

  constructor(participant: string, message: string) {
    super(message);
    this.participant = participant;
  }
}
