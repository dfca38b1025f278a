/**
 * The journal of a run: its facts in order, a line of JSON each, synced before it counts. A line ends with a checksum, so that a
 * fact that the disk has changed is found, and not believed. Node only.
 *
 *     {"type":"copy-evaluated","round":1,"participant":"site-a","validationAccuracy":0.91,"check":"c86a2a90"}
 */
import { open, readFile, truncate } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { reasonOf } from '../files/reason.js';
import { FederationError } from './error.js';
import { type RoundEvent, roundEventSchema } from './round-events.js';
import { cannotWrite } from './write-result.js';

export interface Journal {
  /** What was there when it was opened. */
  readonly events: readonly RoundEvent[];
  /** @throws FederationError when it cannot be written */
  append(event: RoundEvent): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens the file, or makes it. A last line that was cut off in the middle of writing never counted, and is taken away.
 * @throws FederationError when a line is not as it was written
 */
export async function openJournal(path: string): Promise<Journal> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0);
    throw new FederationError(`"${path}" cannot be read: ${reasonOf(cause)}`, { cause });
  });
  const end = bytes.lastIndexOf('\n') + 1;
  // Nothing is taken away from a journal that is damaged elsewhere: its owner may mend it.
  const events = parseJournal(bytes.toString('utf8', 0, end), path);
  const failed = (cause: unknown) => {
    throw cannotWrite(path, cause);
  };
  if (end < bytes.length) await truncate(path, end).catch(failed);
  const file = await open(path, 'a').catch(failed);
  return {
    events,
    async append(event) {
      await file.appendFile(journalLine(event)).catch(failed);
      await file.sync().catch(failed);
    },
    close: () => file.close(),
  };
}

/** Of the line without it: CRC-32, 8 hexadecimal digits. */
const CHECK = /,"check":"([0-9a-f]{8})"\}$/;
const checkOf = (fact: string) => crc32(fact).toString(16).padStart(8, '0');

export function journalLine(event: RoundEvent): string {
  const fact = JSON.stringify(event);
  return `${fact.slice(0, -1)},"check":"${checkOf(fact)}"}\n`;
}

/**
 * The facts in a journal's text. A last line without its end is none. Lines of version 1 have no checksum; after one that has,
 * there is none without.
 */
export function parseJournal(text: string, path: string): RoundEvent[] {
  let checked = false;
  return text
    .split('\n')
    .slice(0, -1)
    .map((line, index) => {
      const [end, check] = CHECK.exec(line) ?? [];
      const fact = end === undefined ? line : `${line.slice(0, -end.length)}}`;
      checked ||= check !== undefined;
      const where = `"${path}": line ${index + 1}`;
      if (checked && check !== checkOf(fact)) throw damaged(`${where} is not as it was written`, line);
      try {
        return roundEventSchema.parse(JSON.parse(fact));
      } catch (cause) {
        throw damaged(`${where} cannot be read`, line, cause);
      }
    });
}

const damaged = (what: string, line: string, cause?: unknown) =>
  new FederationError(`${what}: ${line.slice(0, 80)}`, {
    cause,
    hint: 'the journal was changed or damaged: put back what was there; or remove this line and all after it, and what they tell of is done again; or start in another folder',
  });
