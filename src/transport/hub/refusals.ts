/** Everything that is refused is counted; it is logged too, unless somebody makes it their pastime to fill the disk. */
import type { Log, LogFields } from '../log.js';
import { allowance } from './allowance.js';
import type { HubMetrics } from './metrics.js';

/** Nobody else's fault: an operator is to see to it. */
const ours: ReadonlySet<string> = new Set(['disk']);

/** @param reason one word; each has its own allowance of lines */
export type NoteRefusal = (reason: string, fields: LogFields, message: string) => void;

export function refusals(log: Log, metrics: HubMetrics): NoteRefusal {
  const lines = new Map<string, { readonly allowed: () => boolean; unsaid: number }>();
  return (reason, fields, message) => {
    metrics.refused(reason);
    const line = lines.get(reason) ?? { allowed: allowance(1, 30), unsaid: 0 };
    lines.set(reason, line);
    if (line.allowed()) {
      const say = ours.has(reason) ? log.error : log.warn;
      say.call(log, { reason, ...fields, ...(line.unsaid > 0 && { unsaid: line.unsaid }) }, message);
      line.unsaid = 0;
    } else line.unsaid++;
  };
}
