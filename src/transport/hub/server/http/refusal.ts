/** A refusal of the hub over HTTP: a status, and the reason in words. */
import { TransportError } from '../../../error.js';

export class Refusal extends TransportError {
  readonly status: RefusalStatus;
  /** One word for logs and counts. */
  readonly reason: string;

  constructor(status: RefusalStatus, reason: string, message: string, hint?: string) {
    super(message, hint === undefined ? {} : { hint });
    this.status = status;
    this.reason = reason;
  }
}

export type RefusalStatus = 400 | 401 | 403 | 404 | 408 | 409 | 411 | 413 | 416 | 422 | 429 | 503 | 507;
