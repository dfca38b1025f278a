/**
 * The log of what a hub has refused. It decides nothing: it counts refusals, and logs them with a
 * limit, a few lines for each reason and client, and for each reason in all. So nobody can fill the
 * disk by being refused.
 */
import { type Log, type LogFields, silentLog } from '../../../log.js';
import { sparingLog } from '../../../sparing-log.js';
import type { HubMetrics } from './metrics.js';

/** Reasons on our side, which an operator must look at. */
const ours: ReadonlySet<string> = new Set(['disk']);

/** @param reason one word */
export type NoteRefusal = (reason: string, fields: LogFields, message: string) => void;

export function refusalLog(log: Log, metrics: HubMetrics): NoteRefusal {
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
