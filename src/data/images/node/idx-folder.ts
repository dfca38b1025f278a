/**
 * Reads a folder with a set in MNIST's format: Fashion-MNIST, MNIST, KMNIST, or one of EMNIST's.
 * Bytes and labels are taken as they are. (EMNIST stores its images transposed, and its "letters"
 * are numbered from 1.)
 */
import { readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { reasonOf } from '../../../base/node/reason.js';
import { sha256Of } from '../../../base/node/sha256-of.js';
import { DataError } from '../../error.js';
import type { IdxFile } from '../idx.js';
import { findIdxFiles, namedSet } from '../idx-names.js';
import type { ImageSplit } from '../image-dataset.js';
import { readDataFile } from './file-bytes.js';

/**
 * The set in this folder, gzip or plain. Its classes are called "0", "1", …, or have
 * Fashion-MNIST's names if it is that set.
 * @param trainingOnly reads no test images, which may then be missing
 * @throws DataError when one of the four files is missing or damaged, or when the folder holds
 * files of several sets.
 */
export async function loadIdxFolder(folder: string, trainingOnly = false): Promise<ImageSplit> {
  const { prefix, files: names } = findIdxFiles(folder, await namesIn(folder), trainingOnly);
  const read = async (name: string): Promise<IdxFile> => {
    const file = join(folder, name);
    return { file, bytes: await readDataFile(file) };
  };
  const wanted = (name: string | undefined) => (name === undefined || trainingOnly ? undefined : read(name));
  const [trainImages, trainLabels, testExamples, testLabels] = await Promise.all([
    read(names.trainImages),
    read(names.trainLabels),
    wanted(names.testExamples),
    wanted(names.testLabels),
  ]);
  const files = { trainImages, trainLabels, ...(testExamples && testLabels && { testExamples, testLabels }) };
  return namedSet(basename(resolve(folder)), prefix, files, sha256Of(trainLabels.bytes));
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (cause) {
    throw new DataError(`data: cannot read the folder "${folder}": ${reasonOf(cause)}`, { cause });
  }
}
