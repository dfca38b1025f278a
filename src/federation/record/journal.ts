/**
 * The journal of a run: its facts in order, each a line of JSON that is synced before it counts. A
 * line ends with a checksum, so that a line that was damaged on the disk is refused. Node only.
 *
 *     {"type":"led","epoch":2,"check":"0b7f5a11"}
 *     {"type":"copy-evaluated","round":1,"participant":"site-a","validation":{"accuracy":0.91,"loss":0.25},"epoch":2,"check":"c86a2a90"}
 *
 * Every process that leads the run writes its number first (`folder-claim.ts`), and then into each
 * of its lines. Later lines with a smaller number do not count: they are from a process that was
 * fenced and did not know it yet.
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
  /** The facts in the journal when it was opened. */
  readonly events: readonly RoundEvent[];
  /** @throws FederationError when it cannot be written */
  append(event: RoundEvent): Promise<void>;
  close(): Promise<void>;
}

/** The claim of the process that writes. */
export type JournalLead = Pick<FolderClaim, 'number' | 'check'>;

/**
 * Opens or makes the file. A last line that was cut off in the middle of writing never counted, and
 * is removed.
 * @throws FederationError when a line is damaged
 * @throws FencedError when another process leads the run, now or at an `append`
 */
export async function openJournal(path: string, lead?: JournalLead): Promise<Journal> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0);
    throw cannotRead(path, cause);
  });
  const end = bytes.lastIndexOf('\n') + 1;
  // Nothing is removed from a journal that is damaged elsewhere, so that its owner can repair it.
  const before = readJournal(bytes.toString('utf8', 0, end), path);
  const failed = (cause: unknown) => {
    throw cannotWrite(path, cause);
  };
  if (lead !== undefined && before.epoch >= lead.number) throw ledBy(path, before.epoch, lead.number);
  if (end < bytes.length) await truncate(path, end).catch(failed);
  const file = await open(path, 'a').catch(failed);
  /**
   * A line that was synced before another process took over has been read by that process. So a
   * line counts exactly if this does not throw.
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

  /** After this line, no line of an earlier leader counts. So this reading has all their facts. */
  async function takeLead({ number }: JournalLead): Promise<Reading> {
    await write(sealed({ type: 'led', epoch: number }));
    const text = await readFile(path, 'utf8').catch((cause: unknown) => {
      throw cannotRead(path, cause);
    });
    return readJournal(text, path);
  }
}

/** CRC-32 of the line without the checksum: 8 hexadecimal digits. */
const CHECK = /,"check":"([0-9a-f]{8})"\}$/;
const checkOf = (fact: string) => crc32(fact).toString(16).padStart(8, '0');

export const journalLine = (event: RoundEvent): string => sealed(event);

const sealed = (entry: object): string => sealedText(JSON.stringify(entry));

/** The line of a fact, with its checksum. The fact is the JSON of an object that is not empty. */
export const sealedText = (fact: string): string => `${fact.slice(0, -1)},"check":"${checkOf(fact)}"}\n`;

interface Reading {
  readonly events: RoundEvent[];
  /** The largest number of a leader; 0 if there is none. */
  readonly epoch: number;
}

const epochSchema = z.int().positive();
const ledSchema = z.strictObject({ type: z.literal('led') });
const entrySchema = z.looseObject({ epoch: epochSchema.optional() });

/** The facts in a journal's text. */
export const parseJournal = (text: string, path: string): RoundEvent[] => readJournal(text, path).events;

/**
 * A last line without a line break does not count. A line without an epoch belongs to the last
 * leader.
 */
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
