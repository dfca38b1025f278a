/**
 * Reads a set in MNIST's format from files that were chosen in a page, gzip or plain. For pages.
 */
import { sha256Hex } from '../../../base/sha256.js';
import { DataError } from '../../error.js';
import { type PageFile, readPageFile } from '../../page/page-files.js';
import { gunzipInPage } from '../../page/page-gzip.js';
import { damagedGzip } from '../gzip-damage.js';
import type { IdxFile } from '../idx.js';
import { findIdxFiles, namedSet } from '../idx-names.js';
import type { ImageDataset } from '../image-dataset.js';

/**
 * The training images, by the same rules as in Node.
 * @param files of one folder, by their names
 * @param mostBytes the most bytes of a decompressed file
 * @throws DataError when a file is missing, damaged or too large, or when the folder holds files of
 * several sets.
 */
export async function readPageIdx(
  folder: string,
  files: ReadonlyMap<string, PageFile>,
  mostBytes: number,
  signal?: AbortSignal,
): Promise<ImageDataset> {
  const { prefix, files: names } = findIdxFiles(folder, [...files.keys()], true);
  const read = async (name: string) => readDecompressed(files.get(name) as PageFile, mostBytes, signal);
  const trainLabels = await read(names.trainLabels);
  const trainImages = await read(names.trainImages);
  const digest = await sha256Hex(trainLabels.bytes);
  return namedSet(folder, prefix, { trainImages, trainLabels }, digest).train;
}

async function readDecompressed(file: PageFile, mostBytes: number, signal?: AbortSignal) {
  const [first, second] = await readPageFile(file, 0, 2);
  const isGzip = first === 0x1f && second === 0x8b;
  if (!isGzip && file.file.size > mostBytes) throw tooLarge(file.path, mostBytes);
  const bytes = isGzip ? await gunzip(file, mostBytes, signal) : await readPageFile(file);
  signal?.throwIfAborted();
  return { file: file.path, bytes } satisfies IdxFile;
}

async function gunzip({ path, file }: PageFile, mostBytes: number, signal?: AbortSignal) {
  try {
    return await gunzipInPage(file, mostBytes, () => tooLarge(path, mostBytes), signal);
  } catch (cause) {
    signal?.throwIfAborted();
    throw cause instanceof DataError ? cause : damagedGzip(path, (cause as Error).message, cause);
  }
}

const tooLarge = (path: string, mostBytes: number) =>
  new DataError(`data: "${path}" takes more than ${mostBytes} bytes, expected at most that in a page`, {
    hint: 'take fewer images, or take part by `commonweight join`, which has more memory',
  });
