/** Finds the files of a set in MNIST's format by their names, and names the set. */
import { canonicalName } from '../../base/names.js';
import { DataError } from '../error.js';
import { fashionMnistClassNames, fashionMnistFiles } from './fashion-mnist-facts.js';
import { type IdxFile, type IdxFiles, type IdxRole, splitFromIdx } from './idx.js';
import type { ImageSplit } from './image-dataset.js';

/**
 * "train-images-idx3-ubyte.gz", "t10k-labels.idx1-ubyte",
 * "emnist-letters-test-images-idx3-ubyte.gz", …; no hidden files.
 */
const fileName = /^(?:([^.].*)[-_.])?(train|t10k|test)[-_.](images|labels)[-_.]idx[13][-_.]ubyte(?:\.gz)?$/i;

const usualNames: Readonly<Record<IdxRole, string>> = {
  trainImages: 'train-images-idx3-ubyte',
  trainLabels: 'train-labels-idx1-ubyte',
  testExamples: 't10k-images-idx3-ubyte',
  testLabels: 't10k-labels-idx1-ubyte',
};

/** Whether a file with this name belongs to a set in IDX format. */
export function isIdxFileName(name: string): boolean {
  return fileName.test(name);
}

/**
 * @param names of all files in the folder
 * @param trainingOnly needs no test images
 * @throws DataError when a file is missing, or when the folder holds files of several sets.
 */
export function findIdxFiles(
  folder: string,
  names: readonly string[],
  trainingOnly: boolean,
): { prefix: string; files: IdxFiles<string> } {
  const sets = new Map<string, Partial<Record<IdxRole, string>>>();
  for (const name of [...names].sort()) {
    const match = fileName.exec(name);
    if (match === null) continue;
    const [, spelledPrefix = '', part = '', content = ''] = match;
    const prefix = canonicalName(spelledPrefix);
    const set = sets.get(prefix) ?? {};
    sets.set(prefix, set);
    // In the order of names, "x" comes before "x.gz": a plain file is preferred to its compressed
    // copy.
    set[roleOf(part.toLowerCase(), content.toLowerCase())] ??= name;
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
  return { prefix, files: found as IdxFiles<string> };
}

/**
 * The set with these files. It is named after its files, or after its folder. Its classes are
 * called "0", "1", …, or have Fashion-MNIST's names if it is that set.
 * @param labelsSha256 of the training labels' bytes
 */
export function namedSet(
  folderName: string,
  prefix: string,
  files: IdxFiles<IdxFile>,
  labelsSha256: string,
): ImageSplit {
  if (labelsSha256 === fashionMnistFiles.trainLabels.sha256) {
    return splitFromIdx('fashion-mnist', files, fashionMnistClassNames);
  }
  return splitFromIdx(prefix === '' ? folderName : prefix, files);
}

function roleOf(part: string, content: string): IdxRole {
  if (part === 'train') return content === 'images' ? 'trainImages' : 'trainLabels';
  return content === 'images' ? 'testExamples' : 'testLabels';
}
