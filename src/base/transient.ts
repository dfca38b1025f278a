/**
 * Says which errors of the system are temporary: another try may succeed although nobody changed
 * the command.
 */
const transientCodes: ReadonlySet<unknown> = new Set([
  // The disk, and limits of the process.
  'ENOSPC',
  'EDQUOT',
  'EMFILE',
  'ENFILE',
  'ENOMEM',
  'EAGAIN',
  'EBUSY',
  'EIO',
  'ESTALE',
  // The network.
  'EADDRINUSE',
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
]);

/** Whether an error, or its cause, is temporary. */
export function isTransient(error: unknown): boolean {
  for (let cause = error, depth = 0; cause instanceof Error && depth < 8; cause = cause.cause, depth++) {
    if ('transient' in cause && cause.transient === true) return true;
    if (cause.name === 'TimeoutError') return true;
    if ('code' in cause && transientCodes.has(cause.code)) return true;
  }
  return false;
}
