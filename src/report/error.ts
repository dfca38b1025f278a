import { CommonweightError } from '../tensor/error.js';

export class ReportError extends CommonweightError {
  override readonly name = 'ReportError';
}
