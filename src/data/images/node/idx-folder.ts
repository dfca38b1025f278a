/**
 * A folder with a set in the format of MNIST: Fashion-MNIST, MNIST, KMNIST, or one of EMNIST's. Bytes and labels are
 * taken as they lie; EMNIST keeps its images transposed, and its "letters" number from 1.
 */
import { readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { reasonOf } from '../../../base/node/reason.js';
import { DataError } from '../../error.js';
import type { IdxFile } from '../idx.js';
import { findIdxFiles, namedSet } from '../idx-names.js';
import type { ImageSplit } from '../image-dataset.js';
import { readDataFile, sha256 } from './file-bytes.js';

/**
 * The set in this folder, gzip or plain. Its classes are called "0", "1", …, or by Fashion-MNIST's names where it is
 * that set.
 * @param trainingOnly reads no test images, which need not be there
 * @throws DataError when one of the four files is missing or damaged, or when files of several sets lie together.
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
  return namedSet(basename(resolve(folder)), prefix, files, sha256(trainLabels.bytes));
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (cause) {
    throw new DataError(`data: cannot read the folder "${folder}": ${reasonOf(cause)}`, { cause });
  }
}
