/**
 * Loads Fashion-MNIST from the first source that has it: a folder of the user, the cache, Debian's
 * folder, the official addresses, or Debian's package. Only bytes with the known digests are
 * accepted.
 */
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheFolder } from '../../../base/node/cache-folder.js';
import { reasonOf } from '../../../base/node/reason.js';
import { sha256Of } from '../../../base/node/sha256-of.js';
import { writeFileWhole } from '../../../base/node/whole-file.js';
import { DataError } from '../../error.js';
import type { TransferProgress } from '../../progress.js';
import {
  fashionMnistClassNames,
  fashionMnistFiles,
  type KnownFile,
  type KnownFiles,
} from '../fashion-mnist-facts.js';
import { type IdxFile, type IdxRole, splitFromIdx } from '../idx.js';
import type { ImageSplit } from '../image-dataset.js';
import { type RunCommand, unpackDebianPackage } from './debian-package.js';
import { download } from './download.js';
import { decompressed, readDataFile } from './file-bytes.js';

export interface FashionMnistOptions {
  /** A folder with the four files, gzip or plain. If given, no other source is tried. */
  readonly dataDir?: string | undefined;
  readonly onProgress?: ((progress: TransferProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** The folder for downloads; `fashionMnistCache()` by default. */
  readonly cacheDir?: string;
  /** Where Debian's package installs the set. */
  readonly debianDir?: string;
  /** Base addresses, each with a slash at the end. */
  readonly addresses?: readonly string[];
  readonly fetch?: typeof globalThis.fetch;
  readonly run?: RunCommand;
  readonly connectTimeoutMs?: number;
  /** The expected digests. */
  readonly files?: KnownFiles;
}

const debianPackage = 'dataset-fashion-mnist';
const installedDir = '/usr/share/datasets/fashion-mnist';
const officialAddresses = [
  'http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/',
  'https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/',
];
const roles: readonly IdxRole[] = ['testLabels', 'trainLabels', 'testExamples', 'trainImages'];

export const fashionMnistCache = (env?: Readonly<NodeJS.ProcessEnv>): string =>
  cacheFolder('fashion-mnist', env);

/**
 * 60,000 training and 10,000 test images, [1, 28, 28] each, in ten classes.
 * @throws DataError when `dataDir` holds something else; or when no source has the set, with a list
 * of those that were tried.
 */
export async function loadFashionMnist(options: FashionMnistOptions = {}): Promise<ImageSplit> {
  const known = options.files ?? fashionMnistFiles;
  const found =
    options.dataDir === undefined ? await search(options, known) : await readNamed(options.dataDir, known);
  return splitFromIdx('fashion-mnist', found, fashionMnistClassNames);
}

type Found = Record<IdxRole, IdxFile>;

async function readNamed(dataDir: string, known: KnownFiles): Promise<Found> {
  try {
    return await readFolder(dataDir, known);
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    throw new DataError(error.message, {
      cause: error,
      hint: `another set in the same format can be given as --dataset ${dataDir}; without --data-dir, Fashion-MNIST is looked for and downloaded`,
    });
  }
}

async function search(options: FashionMnistOptions, known: KnownFiles): Promise<Found> {
  const {
    debianDir = installedDir,
    addresses = officialAddresses,
    cacheDir = fashionMnistCache(),
    signal,
  } = options;
  const sources: [name: string, read: () => Promise<Found>][] = [
    [`the cache ${cacheDir}`, () => readFolder(cacheDir, known)],
    [`Debian's folder ${debianDir}`, () => readFolder(debianDir, known)],
    ...addresses.map((address): [string, () => Promise<Found>] => [
      address,
      () => fetchAll(address, cacheDir, known, options),
    ]),
    [`the Debian package ${debianPackage}`, () => unpackAll(cacheDir, known, options)],
  ];
  const tried: string[] = [];
  for (const [name, read] of sources) {
    signal?.throwIfAborted();
    try {
      return await read();
    } catch (error) {
      signal?.throwIfAborted();
      tried.push(`  ${name}: ${reasonOf(error).replace(/^data: /, '')}`);
    }
  }
  throw new DataError(
    `data: Fashion-MNIST was not found and could not be fetched; tried\n${tried.join('\n')}`,
    {
      hint: 'fetch the four files of https://github.com/zalandoresearch/fashion-mnist (data/fashion) and give their folder as --data-dir',
    },
  );
}

async function readFolder(folder: string, known: KnownFiles): Promise<Found> {
  const found: Partial<Found> = {};
  for (const role of roles) found[role] = await readKnown(folder, known[role]);
  return found as Found;
}

/**
 * The file, plain or gzip, whichever has the right digest; otherwise why the first of them is
 * wrong.
 */
async function readKnown(folder: string, file: KnownFile): Promise<IdxFile> {
  let failure: unknown;
  for (const path of [join(folder, file.name), join(folder, `${file.name}.gz`)]) {
    if (!existsSync(path)) continue;
    try {
      return verified(path, await readDataFile(path), file);
    } catch (error) {
      failure ??= error;
    }
  }
  if (failure !== undefined) throw failure;
  throw new DataError(
    existsSync(folder)
      ? `data: "${folder}" holds no ${file.name} and no ${file.name}.gz`
      : `data: there is no folder "${folder}"`,
  );
}

function verified(source: string, bytes: Uint8Array, file: KnownFile): IdxFile {
  const digest = sha256Of(bytes);
  if (digest === file.sha256) return { file: source, bytes };
  throw new DataError(
    `data: "${source}" is not the file of Fashion-MNIST: the SHA-256 of its decompressed bytes is ${digest}, expected ${file.sha256}`,
  );
}

/** Does not download files again that an interrupted run has left in the cache. */
async function fetchAll(
  address: string,
  cacheDir: string,
  known: KnownFiles,
  { fetch, connectTimeoutMs, onProgress, signal }: FashionMnistOptions,
): Promise<Found> {
  const found: Partial<Found> = {};
  for (const role of roles) {
    const file = known[role];
    found[role] = await readKnown(cacheDir, file).catch(async () => {
      const name = `${file.name}.gz`;
      const maxBytes = file.bytes + 65_536;
      const settings = { fetch, connectTimeoutMs, onProgress, signal, maxBytes };
      return keep(name, await download(`${address}${name}`, name, settings), file, cacheDir);
    });
  }
  return found as Found;
}

async function unpackAll(
  cacheDir: string,
  known: KnownFiles,
  { run, onProgress, signal }: FashionMnistOptions,
): Promise<Found> {
  const folder = await mkdtemp(join(tmpdir(), 'commonweight-'));
  try {
    onProgress?.({ what: debianPackage, receivedBytes: 0 });
    const tree = join(await unpackDebianPackage(debianPackage, folder, { run, signal }), installedDir);
    const found: Partial<Found> = {};
    for (const role of roles) {
      const name = `${known[role].name}.gz`;
      const bytes = await readFile(join(tree, name));
      onProgress?.({ what: name, receivedBytes: bytes.length, totalBytes: bytes.length });
      found[role] = await keep(name, bytes, known[role], cacheDir);
    }
    return found as Found;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Verifies a downloaded file, then writes it to the cache as it arrived: a server may have removed
 * the gzip.
 */
async function keep(name: string, bytes: Uint8Array, file: KnownFile, cacheDir: string): Promise<IdxFile> {
  const plain = await decompressed(name, bytes, file.bytes);
  const checked = verified(name, plain, file);
  const path = join(cacheDir, plain === bytes ? file.name : `${file.name}.gz`);
  try {
    await writeFileWhole(path, bytes);
  } catch (cause) {
    throw new DataError(`data: cannot write "${path}": ${reasonOf(cause)}`, { cause });
  }
  return checked;
}
