import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FencedError } from '../../transport/error.js';
import type { RoundEvent } from '../rounds/round-events.js';
import { journalLine, openJournal, parseJournal } from './journal.js';

const facts: readonly RoundEvent[] = [
  { type: 'copy-evaluated', round: 1, participant: 'site-a', validation: { accuracy: 0.8125 } },
  { type: 'copy-evaluated', round: 1, participant: 'Zürich', validation: { accuracy: 0.75 } },
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

  it('has no line without a checksum', async () => {
    appendFileSync(path, `${JSON.stringify(facts[2])}\n`);
    await expect(openedWith()).rejects.toThrow(/line \d is not as it was written: {"type":"stopped"/);
  });

  it('has the number of whoever leads in each line, and none counts of a lead before behind it', async () => {
    const claim = (number: number) => ({ number, check: async () => {} });
    const [first, second, third] = facts as [RoundEvent, RoundEvent, RoundEvent];
    const old = await openJournal(path, claim(1));
    await old.append(first);
    const current = await openJournal(path, claim(2));
    expect(current.events).toEqual([first]);
    // It woke from a long sleep, and had looked before that whether it leads.
    await old.append(third);
    await current.append(second);
    await Promise.all([old.close(), current.close()]);
    expect(parseJournal(readFileSync(path, 'utf8'), path)).toEqual([first, second]);
    const next = await openJournal(path, claim(3));
    expect(next.events).toEqual([first, second]);
    await next.close();
    expect(readFileSync(path, 'utf8')).toContain('{"type":"led","epoch":3,"check":"');
    for (const number of [2, 3]) {
      await expect(openJournal(path, claim(number))).rejects.toThrow(
        `is led by number 3, this process is number ${number}`,
      );
    }
  });

  it('confirms no fact to a lead that is fenced before it is safe', async () => {
    let leads = true;
    const check = async () => {
      if (!leads) throw new FencedError('another leads');
    };
    const journal = await openJournal(path, { number: 1, check });
    const appending = journal.append(facts[0] as RoundEvent);
    leads = false;
    await expect(appending).rejects.toThrow(FencedError);
    await expect(journal.append(facts[1] as RoundEvent)).rejects.toThrow(FencedError);
    await journal.close();
  });
});
