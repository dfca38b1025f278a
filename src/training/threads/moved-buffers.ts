/** What moves from a thread with the result of a task, and need not be copied. */
import type { TaskResult } from '../tasks.js';

/** The thread no longer uses them. */
export function buffersOf(result: TaskResult): ArrayBuffer[] {
  if (result instanceof Float32Array) return [result.buffer as ArrayBuffer];
  if (result === undefined || !('state' in result)) return [];
  return [result.state.buffer as ArrayBuffer, result.slots.buffer as ArrayBuffer];
}
