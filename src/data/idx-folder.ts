/**
 * A folder with a set in the format of MNIST: Fashion-MNIST, MNIST, KMNIST, or one of EMNIST's. Bytes and labels are
 * taken as they lie; EMNIST keeps its images transposed, and its "letters" number from 1.
 */
import { readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { DataError } from './error.js';
import { fashionMnistClassNames, fashionMnistFiles } from './fashion-mnist-facts.js';
import { readDataFile, reasonOf, sha256 } from './file-bytes.js';
import { type IdxFile, type IdxFiles, type IdxRole, splitFromIdx } from './idx.js';
import type { TrainTestSplit } from './image-dataset.js';

/** "train-images-idx3-ubyte.gz", "t10k-labels.idx1-ubyte", "emnist-letters-test-images-idx3-ubyte.gz", …. */
const fileName = /^(?:(.+)[-_.])?(train|t10k|test)[-_.](images|labels)[-_.]idx[13][-_.]ubyte(?:\.gz)?$/i;

const usualNames: Readonly<Record<IdxRole, string>> = {
  trainImages: 'train-images-idx3-ubyte',
  trainLabels: 'train-labels-idx1-ubyte',
  testImages: 't10k-images-idx3-ubyte',
  testLabels: 't10k-labels-idx1-ubyte',
};

/** Whether a file of this name belongs to a set in IDX format. */
export function isIdxFileName(name: string): boolean {
  return fileName.test(name);
}

/**
 * The set in this folder, gzip or plain. Its classes are called "0", "1", …, or by Fashion-MNIST's names where it is
 * that set.
 * @param trainingOnly reads no test images, which need not be there
 * @throws DataError when one of the four files is missing or damaged, or when files of several sets lie together.
 */
export async function loadIdxFolder(folder: string, trainingOnly = false): Promise<TrainTestSplit> {
  const { prefix, paths } = await findFiles(folder, trainingOnly);
  const read = async (file: string): Promise<IdxFile> => ({ file, bytes: await readDataFile(file) });
  const wanted = (file: string | undefined) => (file === undefined || trainingOnly ? undefined : read(file));
  const [trainImages, trainLabels, testImages, testLabels] = await Promise.all([
    read(paths.trainImages),
    read(paths.trainLabels),
    wanted(paths.testImages),
    wanted(paths.testLabels),
  ]);
  const files = { trainImages, trainLabels, ...(testImages && testLabels && { testImages, testLabels }) };
  if (sha256(trainLabels.bytes) === fashionMnistFiles.trainLabels.sha256) {
    return splitFromIdx('fashion-mnist', files, fashionMnistClassNames);
  }
  return splitFromIdx(prefix === '' ? basename(resolve(folder)) : prefix, files);
}

async function findFiles(
  folder: string,
  trainingOnly: boolean,
): Promise<{ prefix: string; paths: IdxFiles<string> }> {
  const sets = new Map<string, Partial<Record<IdxRole, string>>>();
  for (const name of await namesIn(folder)) {
    const match = fileName.exec(name);
    if (match === null) continue;
    const [, prefix = '', part = '', content = ''] = match;
    const set = sets.get(prefix) ?? {};
    sets.set(prefix, set);
    // In the order of names, "x" comes before "x.gz": a plain file is taken rather than its compressed copy.
    set[roleOf(part.toLowerCase(), content.toLowerCase())] ??= join(folder, name);
  }
  if (sets.size > 1) {
    throw new DataError(
      `data: "${folder}" holds the files of ${sets.size} sets (${[...sets.keys()].map((prefix) => `"${prefix}"`).join(', ')}), expected one`,
      { hint: 'copy the four files of one set into a folder of their own' },
    );
  }
  const [[prefix, found] = ['', {}]] = sets;
  const needed = (Object.keys(usualNames) as IdxRole[]).filter(
    (role) => !trainingOnly || role.startsWith('train'),
  );
  const missing = needed.filter((role) => found[role] === undefined);
  if (missing.length > 0) {
    throw new DataError(
      `data: "${folder}" lacks ${missing.map((role) => usualNames[role]).join(', ')} (or the same with .gz)`,
    );
  }
  return { prefix, paths: found as IdxFiles<string> };
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (cause) {
    throw new DataError(`data: cannot read the folder "${folder}": ${reasonOf(cause)}`, { cause });
  }
}

function roleOf(part: string, content: string): IdxRole {
  if (part === 'train') return content === 'images' ? 'trainImages' : 'trainLabels';
  return content === 'images' ? 'testImages' : 'testLabels';
}
