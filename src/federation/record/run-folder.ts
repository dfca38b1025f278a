/**
 * A run in a folder: its configuration, a journal of facts (one line each, synced before it
 * counts), and the state dicts that the facts name by their SHA-256. Whenever the process ends, the
 * folder can be read and the run resumed. Node only.
 *
 *     configuration.yaml   what the run was told, every default filled in
 *     journal.jsonl        the facts, in order (journal.ts)
 *     job.json             which run this is, and the journal's version (journal-version.ts)
 *     lease-N.json         which process leads it, as the N-th (folder-claim.ts)
 *     data.json            digests of the data that it is about (run-data.ts)
 *     updates/             the updates of the round under way, with what travels beside them
 *     models/              the merged models of the last rounds, and what else one round leaves to the next
 *     methods/             what methods leave from round to round: common states, and those of participants on this machine
 *     survey/              the participants' answers to the survey before round 1, of a run of tables
 *     personal/            everybody's own model, where some tensors stay with their owners (conclude-run.ts)
 *     rounds/              what was measured when a round was merged (round-details.ts)
 *     label-counts.json    who holds how many of what, where that is shared (label-counts.ts)
 */
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parse as parseYaml, stringify } from 'yaml';
import { fileNameOf } from '../../base/names.js';
import { makeFolder } from '../../base/node/make-folder.js';
import { reasonOf } from '../../base/node/reason.js';
import { sha256Of } from '../../base/node/sha256-of.js';
import { writeFileWhole } from '../../base/node/whole-file.js';
import { type Configuration, parseConfiguration } from '../../protocol/configuration/configuration.js';
import { describeFile } from '../../transport/blob-folder.js';
import { FederationError } from '../error.js';
import type { RunStore, StateRole } from '../rounds/run-store.js';
import { asBefore, type ConfigurationKeeper } from './continued-run.js';
import { type JournalLead, openJournal } from './journal.js';
import { checkJournalVersion } from './journal-version.js';
import { plainCoding, type StateCoding } from './state-coding.js';
import { cannotWrite, writeResult } from './write-result.js';

export interface RunFolder extends RunStore, ConfigurationKeeper {
  readonly path: string;
  /**
   * The path of a state dict's file, to be read piece by piece.
   * @throws FederationError when it is not there or is not the one with this SHA-256.
   */
  soundFile(role: StateRole, sha256: string): Promise<string>;
  close(): Promise<void>;
}

/**
 * Opens the folder for this configuration, for a new run or to resume the same one.
 * @param coding how state dicts are encoded in their files
 * @param lead the claim by which the process holds the folder
 * @throws FederationError when it holds another run, or something else.
 */
export async function openRunFolder(
  path: string,
  configuration: Configuration,
  coding: StateCoding = plainCoding,
  lead?: JournalLead,
): Promise<RunFolder> {
  await prepareRunFolder(path, configuration);
  await removeLeftovers(path);
  const earlier = await earlierConfiguration(path);
  const journal = await openJournal(join(path, 'journal.jsonl'), lead);
  return {
    ...{ path, earlier },
    async keepConfiguration(now) {
      await lead?.check();
      await writeResult(path, CONFIGURATION, configurationText(now));
    },
    events: journal.events,
    append: journal.append,
    async put(role, state, base) {
      await lead?.check();
      const bytes = coding.encode(role, state, base);
      await writeResult(path, stateFile(role), bytes);
      return sha256Of(bytes);
    },
    async get(role, sha256, base) {
      const file = join(path, stateFile(role));
      const bytes = await readFile(file).catch((cause: unknown) => {
        throw unreadable(file, cause);
      });
      checkHash(file, sha256Of(bytes), sha256);
      return coding.decode(role, bytes, file, base);
    },
    async soundFile(role, sha256) {
      const file = join(path, stateFile(role));
      const described = await describeFile(file).catch((cause: unknown) => {
        throw unreadable(file, cause);
      });
      checkHash(file, described.sha256, sha256);
      return file;
    },
    async keepDetails(details) {
      await lead?.check();
      await writeResult(path, detailsFile(details.round), `${JSON.stringify(details)}\n`);
    },
    async discard(role) {
      await lead?.check();
      const file = join(path, stateFile(role));
      await rm(file, { force: true }).catch((cause: unknown) => {
        throw cannotWrite(file, cause);
      });
    },
    close: journal.close,
  };
}

const unreadable = (file: string, cause: unknown) =>
  new FederationError(`"${file}" cannot be read: ${reasonOf(cause)}`, {
    cause,
    hint: 'start again in another folder',
  });

/** @throws FederationError when the file has another hash than the journal says. */
function checkHash(file: string, actual: string, expected: string): void {
  if (actual === expected) return;
  throw new FederationError(`"${file}" was changed: its SHA-256 is ${actual}, the journal has ${expected}`, {
    hint: 'start again in another folder',
  });
}

/**
 * Makes the folder a run folder, or finds the same run there. It does not touch files that a
 * coordinator is writing.
 * @throws FederationError when it holds another run, or something else.
 */
export async function prepareRunFolder(path: string, configuration: Configuration): Promise<void> {
  await makeFolder(path).catch((cause: unknown) => {
    const taken = (cause as NodeJS.ErrnoException).code === 'EEXIST';
    const reason = taken ? 'there is a file of that name' : reasonOf(cause);
    throw new FederationError(`the folder "${path}" cannot be made: ${reason}`, { cause });
  });
  await checkJournalVersion(path);
  await keepConfiguration(path, configuration);
}

/** The file of a state dict, relative to the folder. */
export function stateFile(role: StateRole): string {
  switch (role.type) {
    case 'update':
      return `updates/round-${role.round}-${fileNameOf(role.participant)}.safetensors`;
    case 'attachment':
      return `updates/${role.name}-${role.round}-${fileNameOf(role.participant)}.safetensors`;
    case 'features':
      return `updates/${role.type}-${role.round}-${fileNameOf(role.participant)}.safetensors`;
    case 'survey':
      return `survey/${fileNameOf(role.participant)}.safetensors`;
    case 'merged':
      return `models/round-${role.round}.safetensors`;
    case 'server':
    case 'average':
    case 'constants':
    case 'solution':
    case 'refitted':
      return `models/${role.type}-${role.round}.safetensors`;
    case 'pooled':
      return `models/pooled-${role.round}.safetensors`;
    case 'common':
      return `methods/${role.name}-${role.round}.safetensors`;
    case 'own':
      return `methods/own-${role.name}-${role.round}-${fileNameOf(role.participant)}.safetensors`;
  }
}

export const detailsFile = (round: number) => `rounds/round-${round}.json`;

/**
 * The configuration of the run in the folder; undefined if there is none. @throws FederationError
 * when it cannot be read
 */
export async function earlierConfiguration(path: string): Promise<Configuration | undefined> {
  const file = join(path, 'configuration.yaml');
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    if (['ENOENT', 'ENOTDIR'].includes((cause as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw new FederationError(`"${file}" cannot be read: ${reasonOf(cause)}`, { cause });
  });
  return text === undefined ? undefined : parseConfiguration(readYaml(text, file), file);
}

/** Writes the configuration into an empty folder, or finds the same one there. */
async function keepConfiguration(path: string, configuration: Configuration): Promise<void> {
  const earlier = await earlierConfiguration(path);
  if (earlier === undefined) {
    await checkEmpty(path);
    const first = await writeFirst(join(path, CONFIGURATION), configurationText(configuration));
    // Another process wrote its configuration at the same moment: that is the run's.
    return first ? undefined : keepConfiguration(path, configuration);
  }
  const difference = firstDifference(earlier, asBefore(earlier, configuration), '');
  if (difference !== undefined) {
    throw new FederationError(`"${path}" holds a run of another configuration: ${difference}`, {
      hint: 'choose another --out, or the same settings to take that run up again; only "rounds" may be raised',
    });
  }
}

const CONFIGURATION = 'configuration.yaml';

const configurationText = (configuration: Configuration) =>
  `# What this run was told, every default filled in. The same configuration takes the run up again.\n${stringify(configuration)}`;

/** @returns whether there was no such file */
async function writeFirst(file: string, text: string): Promise<boolean> {
  try {
    await writeFileWhole(file, text, { exclusive: true });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw cannotWrite(file, error);
  }
}

async function checkEmpty(path: string): Promise<void> {
  const names = await readdir(path);
  const other = names.find((name) => !name.startsWith('.') && !name.endsWith('.part'));
  if (other === undefined) return;
  throw new FederationError(`"${path}" holds "${other}" and no run, expected a new folder or an empty one`, {
    hint: 'choose another --out',
  });
}

/** Removes files that a killed process was writing or merging: nothing refers to them. */
async function removeLeftovers(path: string): Promise<void> {
  for (const folder of ['.', 'updates', 'models', 'methods', 'rounds', 'survey', 'personal']) {
    const names = await readdir(join(path, folder)).catch(() => []);
    for (const name of names.filter((name) => /\.part(ial)?$/.test(name))) await rm(join(path, folder, name));
  }
}

export function readYaml(text: string, file: string): unknown {
  try {
    return parseYaml(text);
  } catch (cause) {
    throw new FederationError(`"${file}" cannot be read: ${reasonOf(cause)}`, {
      cause,
      hint: 'choose another --out',
    });
  }
}

/** `"local.epochs" is 2 there and 3 now`, or undefined. */
function firstDifference(there: unknown, now: unknown, path: string): string | undefined {
  const isRecord = (value: unknown): value is Record<string, unknown> =>
    typeof value === 'object' && value !== null;
  if (isRecord(there) && isRecord(now)) {
    for (const key of new Set([...Object.keys(there), ...Object.keys(now)])) {
      const difference = firstDifference(there[key], now[key], path === '' ? key : `${path}.${key}`);
      if (difference !== undefined) return difference;
    }
    return undefined;
  }
  const show = (value: unknown) => (value === undefined ? 'not set' : JSON.stringify(value));
  return there === now ? undefined : `"${path}" is ${show(there)} there and ${show(now)} now`;
}
