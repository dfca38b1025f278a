import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { journalLine, openJournal, parseJournal } from './journal.js';
import type { RoundEvent } from './round-events.js';

const facts: readonly RoundEvent[] = [
  { type: 'copy-evaluated', round: 1, participant: 'site-a', validationAccuracy: 0.8125 },
  { type: 'copy-evaluated', round: 1, participant: 'Zürich', validationAccuracy: 0.75 },
  { type: 'stopped', round: 1 },
];
const written = Buffer.from(facts.map(journalLine).join(''));

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'journal-'));
  path = join(folder, 'journal.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true }));

async function openedWith(...more: readonly RoundEvent[]) {
  const journal = await openJournal(path);
  for (const fact of more) await journal.append(fact);
  await journal.close();
  return journal.events;
}

describe('the journal', () => {
  it('has a fact a line, each with its checksum, and reads them again', async () => {
    expect(await openedWith(...facts)).toEqual([]);
    expect(readFileSync(path)).toEqual(written);
    // By Python: zlib.crc32(b'{"type":"stopped","round":1}').
    expect(String(written).split('\n')[2]).toBe('{"type":"stopped","round":1,"check":"930de618"}');
    expect(await openedWith()).toEqual(facts);
  });

  it('is refused with any bit flipped, but for the end of the last line, without which that fact never was', () => {
    for (let bit = 0; bit < 8 * written.length; bit++) {
      const flipped = Buffer.from(written);
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      const read = () => parseJournal(String(flipped), path);
      if (bit >> 3 === written.length - 1) expect(read()).toEqual(facts.slice(0, -1));
      else
        expect(read, `bit ${bit}: ${flipped}`).toThrow(
          /^"\S+": line \d (is not as it was written|cannot be read): /,
        );
    }
  });

  it('of version 1 has no checksums, and goes on with them', async () => {
    const [first, second, third] = facts as [RoundEvent, RoundEvent, RoundEvent];
    writeFileSync(path, `${JSON.stringify(first)}\n${JSON.stringify(second)}\n`);
    expect(await openedWith(third)).toEqual([first, second]);
    expect(await openedWith()).toEqual(facts);
    appendFileSync(path, `${JSON.stringify(third)}\n`);
    await expect(openedWith()).rejects.toThrow('line 4 is not as it was written: {"type":"stopped"');
  });
});
