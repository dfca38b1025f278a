/**
 * The journal of a run: its facts in order, a line of JSON each, synced before it counts. A line
 * ends with a checksum, so that a fact that the disk has changed is found, and not believed. Node
 * only.
 *
 *     {"type":"led","epoch":2,"check":"0b7f5a11"}
 *     {"type":"copy-evaluated","round":1,"participant":"site-a","validation":{"accuracy":0.91,"loss":0.25},"epoch":2,"check":"c86a2a90"}
 *
 * Every process that leads the run writes its number first (`folder-claim.ts`), and then into each
 * of its lines. What a process with a smaller number adds behind that does not count: it was
 * fenced, and did not know it yet.
 */
import { open, readFile, truncate } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { z } from 'zod';
import { reasonOf } from '../../base/node/reason.js';
import { FencedError } from '../../transport/error.js';
import { FederationError } from '../error.js';
import { type RoundEvent, roundEventSchema } from '../rounds/round-events.js';
import type { FolderClaim } from './folder-claim.js';
import { cannotWrite } from './write-result.js';

export interface Journal {
  /** What was there when it was opened. */
  readonly events: readonly RoundEvent[];
  /** @throws FederationError when it cannot be written */
  append(event: RoundEvent): Promise<void>;
  close(): Promise<void>;
}

/** By whom facts are written. */
export type JournalLead = Pick<FolderClaim, 'number' | 'check'>;

/**
 * Opens the file, or makes it. A last line that was cut off in the middle of writing never counted,
 * and is taken away.
 * @throws FederationError when a line is not as it was written
 * @throws FencedError when another process leads the run, then or at an `append`
 */
export async function openJournal(path: string, lead?: JournalLead): Promise<Journal> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0);
    throw cannotRead(path, cause);
  });
  const end = bytes.lastIndexOf('\n') + 1;
  // Nothing is taken away from a journal that is damaged elsewhere: its owner may mend it.
  const before = readJournal(bytes.toString('utf8', 0, end), path);
  const failed = (cause: unknown) => {
    throw cannotWrite(path, cause);
  };
  if (lead !== undefined && before.epoch >= lead.number) throw ledBy(path, before.epoch, lead.number);
  if (end < bytes.length) await truncate(path, end).catch(failed);
  const file = await open(path, 'a').catch(failed);
  /**
   * What was safe before another took over, that one has read: so it counts exactly where this does
   * not throw.
   */
  const write = async (line: string) => {
    await lead?.check();
    await file.appendFile(line).catch(failed);
    await file.sync().catch(failed);
    await lead?.check();
  };
  try {
    const { events } = lead === undefined ? before : await takeLead(lead);
    return {
      events,
      append: (event) => write(sealed({ ...event, ...(lead && { epoch: lead.number }) })),
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }

  /**
   * Behind this line nothing counts of those who led before, so what is read now is all that they
   * did.
   */
  async function takeLead({ number }: JournalLead): Promise<Reading> {
    await write(sealed({ type: 'led', epoch: number }));
    const text = await readFile(path, 'utf8').catch((cause: unknown) => {
      throw cannotRead(path, cause);
    });
    return readJournal(text, path);
  }
}

/** Of the line without it: CRC-32, 8 hexadecimal digits. */
const CHECK = /,"check":"([0-9a-f]{8})"\}$/;
const checkOf = (fact: string) => crc32(fact).toString(16).padStart(8, '0');

export const journalLine = (event: RoundEvent): string => sealed(event);

const sealed = (entry: object): string => sealedText(JSON.stringify(entry));

/** A line that says this, with its checksum: JSON of an object that is not empty. */
export const sealedText = (fact: string): string => `${fact.slice(0, -1)},"check":"${checkOf(fact)}"}\n`;

interface Reading {
  readonly events: RoundEvent[];
  /** Of those who led, the largest number; 0 where none is written. */
  readonly epoch: number;
}

const epochSchema = z.int().positive();
const ledSchema = z.strictObject({ type: z.literal('led') });
const entrySchema = z.looseObject({ epoch: epochSchema.optional() });

/** The facts in a journal's text. */
export const parseJournal = (text: string, path: string): RoundEvent[] => readJournal(text, path).events;

/** A last line without its end is none. A line without an epoch is of whoever led last. */
function readJournal(text: string, path: string): Reading {
  const events: RoundEvent[] = [];
  let current = 0;
  for (const [index, line] of text.split('\n').slice(0, -1).entries()) {
    const [end, check] = CHECK.exec(line) ?? [];
    const fact = end === undefined ? line : `${line.slice(0, -end.length)}}`;
    const where = `"${path}": line ${index + 1}`;
    if (check !== checkOf(fact)) throw damaged(`${where} is not as it was written`, line);
    try {
      const { epoch = current, ...entry } = entrySchema.parse(JSON.parse(fact));
      const event = entry.type === 'led' ? ledSchema.parse(entry) : roundEventSchema.parse(entry);
      if (epoch < current) continue;
      current = epoch;
      if (event.type !== 'led') events.push(event);
    } catch (cause) {
      throw damaged(`${where} cannot be read`, line, cause);
    }
  }
  return { events, epoch: current };
}

const cannotRead = (path: string, cause: unknown) =>
  new FederationError(`"${path}" cannot be read: ${reasonOf(cause)}`, { cause });

const ledBy = (path: string, epoch: number, number: number) =>
  new FencedError(`"${path}" is led by number ${epoch}, this process is number ${number}`, {
    hint: 'rerun the same command',
  });

const damaged = (what: string, line: string, cause?: unknown) =>
  new FederationError(`${what}: ${line.slice(0, 80)}`, {
    cause,
    hint: 'the journal was changed or damaged: put back what was there; or remove this line and all after it, and what they tell of is done again; or start in another folder',
  });
