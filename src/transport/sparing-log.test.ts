import { expect, it } from 'vitest';
import type { LogFields } from './log.js';
import { sparingLog } from './sparing-log.js';

it('a sparing log has a few lines of each cause, and says what it left out', () => {
  const lines: [LogFields, string][] = [];
  const keep = (...line: [LogFields, string]) => lines.push(line);
  const spare = sparingLog({ info: keep, warn: keep, error: keep }, 1e-9, 3);
  for (let i = 0; i < 5000; i++) spare('warn', 'mallory', { i }, 'no');
  expect(lines.map(([{ i }]) => i)).toEqual([0, 1, 2]);
  spare('warn', 'site-a', {}, 'late');
  expect(lines.at(-1)).toEqual([{}, 'late']);
  // Who is one of thousands has lines, too; the room for them is limited.
  for (let i = 0; i < 2000; i++) spare('warn', `stranger ${i}`, {}, 'no');
  expect(lines).toHaveLength(2004);
  const often = sparingLog({ info: keep, warn: keep, error: keep }, 1e9, 1);
  often('info', 'a', {}, 'one');
  expect(lines.at(-1)).toEqual([{}, 'one']);
});
