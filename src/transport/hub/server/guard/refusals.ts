/**
 * Everything that is refused is counted; it is logged too, unless somebody makes it their pastime to fill the disk: then a few
 * lines of each reason and each offender, and of each reason in all.
 */
import { type Log, type LogFields, silentLog } from '../../../log.js';
import { sparingLog } from '../../../sparing-log.js';
import type { HubMetrics } from './metrics.js';

/** Nobody else's fault: an operator is to see to it. */
const ours: ReadonlySet<string> = new Set(['disk']);

/** @param reason one word */
export type NoteRefusal = (reason: string, fields: LogFields, message: string) => void;

export function refusals(log: Log, metrics: HubMetrics): NoteRefusal {
  const inAll = sparingLog(log, 1, 30);
  const toAll = (level: 'warn' | 'error') => (fields: LogFields, message: string) =>
    inAll(level, String(fields.reason), fields, message);
  const ofEach = sparingLog({ ...silentLog, warn: toAll('warn'), error: toAll('error') }, 1 / 60, 10);
  return (reason, fields, message) => {
    metrics.refused(reason);
    const offender = String(fields.participant ?? fields.address);
    ofEach(ours.has(reason) ? 'error' : 'warn', `${reason} ${offender}`, { reason, ...fields }, message);
  };
}
