/** The newest lines of a coordinator's log, numbered, for observers that come late or reconnect. */

import { printable } from '../../base/printable.js';
import type { LogEntry } from '../../protocol/view.js';

export interface ObservedLog {
  add(level: LogEntry['level'], text: string): void;
  /** The entries from this number on; see `RunView`. */
  from(sequence: number): readonly LogEntry[];
}

const MOST_ENTRIES = 1000;
const MOST_CHARACTERS = 2000;

/**
 * @param first the number of the first entry. If it is a time, a restarted coordinator uses no
 *   number twice, and an observer that reconnects is sent all new entries.
 */
export function observedLog(first: number, now = () => new Date().toISOString()): ObservedLog {
  const entries: LogEntry[] = [];
  let next = first;
  return {
    add(level, text) {
      entries.push({
        sequence: next++,
        at: now(),
        level,
        text: printable(text).slice(0, MOST_CHARACTERS),
      });
      if (entries.length > MOST_ENTRIES) entries.shift();
    },
    from(sequence) {
      const oldest = next - entries.length;
      return sequence > next ? entries.slice() : entries.slice(Math.max(0, sequence - oldest));
    },
  };
}
