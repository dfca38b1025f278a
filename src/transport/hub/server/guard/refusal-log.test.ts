import { expect, it } from 'vitest';
import type { LogFields } from '../../../log.js';
import { hubMetrics } from './metrics.js';
import { refusalLog } from './refusal-log.js';

function noted(...reasons: readonly string[]) {
  const lines: string[] = [];
  const keep = (level: string) => (fields: LogFields) => void lines.push(`${level} ${String(fields.reason)}`);
  const log = { info: keep('info'), warn: keep('warn'), error: keep('error') };
  const note = refusalLog(log, hubMetrics());
  for (const reason of reasons) note(reason, { participant: 'site-a' }, 'refused');
  return lines;
}

it('a full disk of our own is an error, for an operator to see to; what others do is a warning', () => {
  expect(noted('disk', 'wrong-hash')).toEqual(['error disk', 'warn wrong-hash']);
});

it('whoever is refused the same thing again and again fills no log', () => {
  expect(noted(...Array.from({ length: 1000 }, () => 'wrong-hash'))).toHaveLength(10);
});
