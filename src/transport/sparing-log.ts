/**
 * A log that no client can fill. Each client may cause a limited number of lines, and the next line
 * says how many were left out.
 */
import { allowance } from './allowance.js';
import type { Log, LogFields } from './log.js';

/** @param of the cause of the line, such as a client; each has its own allowance */
export type SparingLog = (level: keyof Log, of: string, fields: LogFields, message: string) => void;

/** The most causes that are remembered; the one that was quiet for longest is forgotten. */
const mostCauses = 1000;

export function sparingLog(log: Log, perSecond: number, atOnce: number): SparingLog {
  const lines = new Map<string, { readonly allowed: () => boolean; unsaid: number }>();
  return (level, of, fields, message) => {
    const line = lines.get(of) ?? { allowed: allowance(perSecond, atOnce), unsaid: 0 };
    lines.delete(of);
    lines.set(of, line);
    for (const oldest of lines.keys()) {
      if (lines.size <= mostCauses) break;
      lines.delete(oldest);
    }
    if (line.allowed()) {
      log[level]({ ...fields, ...(line.unsaid > 0 && { unsaid: line.unsaid }) }, message);
      line.unsaid = 0;
    } else line.unsaid++;
  };
}
