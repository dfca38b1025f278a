/** A task was given up because the run was interrupted. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';
}
