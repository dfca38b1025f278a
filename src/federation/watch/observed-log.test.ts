import { describe, expect, it } from 'vitest';
import { logEntrySchema } from '../../protocol/view.js';
import { observedLog } from './observed-log.js';

const sequences = (log: ReturnType<typeof observedLog>, from: number) =>
  log.from(from).map(({ sequence }) => sequence);

describe('the log that observers are shown', () => {
  it('has numbers without a gap, from where on somebody wants to hear', () => {
    const log = observedLog(100);
    for (const text of ['one', 'two', 'three']) log.add('info', text);
    expect(sequences(log, 0)).toEqual([100, 101, 102]);
    expect(sequences(log, 102)).toEqual([102]);
    expect(sequences(log, 103)).toEqual([]);
  });

  it('begins again for whoever has heard more of a clock that was set back since', () => {
    const log = observedLog(100);
    log.add('warn', 'one');
    expect(sequences(log, 5000)).toEqual([100]);
  });

  it('keeps the newest thousand, each short and printable', () => {
    const log = observedLog(0);
    for (let k = 0; k < 1500; k++) log.add('error', `${k}\u0007${'x'.repeat(3000)}`);
    const kept = log.from(0);
    expect(kept).toHaveLength(1000);
    expect([kept[0]?.sequence, kept.at(-1)?.sequence]).toEqual([500, 1499]);
    expect(kept.map((entry) => logEntrySchema.parse(entry))).toEqual(kept);
    expect(log.from(1498)).toHaveLength(2);
  });
});
