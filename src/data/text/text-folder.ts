/** The texts of a folder: one folder for each class, with a file for each text. */
import { DataError } from '../error.js';
import {
  type ClassFiles,
  type PicturesByClass as FilesByClass,
  findClasses,
  type ListFolder,
  type WantedPictures as WantedTexts,
} from '../images/picture-tree.js';
import { utf8Bytes } from '../tables/text-bytes.js';
import type { TextExample, TextSet } from './text-examples.js';
import type { TextSpec } from './text-spec.js';

const TEXT_FILES: ClassFiles = {
  what: 'texts',
  isOne: (name) => /\.(txt|text|md)$/i.test(name),
  stray: () => ({
    is: 'is not a text by its name',
    expected: '.txt, .text or .md',
    hint: 'rename it, or move it out of the folder',
  }),
  layoutHint: 'arrange the texts as FOLDER/class/text.txt, or FOLDER/train/class/… and FOLDER/test/class/…',
};

/** What a place has for training and for the test, as far as it is wanted. */
export interface FoundTexts {
  readonly train?: TextSet | undefined;
  /** Undefined, too, if both are wanted and nothing sets a test apart. */
  readonly test?: TextSet | undefined;
  /** Whether nothing sets a test apart, so that the test has all, or none. */
  readonly isWhole: boolean;
}

/** Texts that nothing sets apart are all for what is wanted. */
export const undivided = (set: TextSet, wanted: WantedTexts): FoundTexts =>
  wanted === 'test' ? { test: set, isWhole: true } : { train: set, isWhole: true };

/** So many files are read before they are passed on. */
const TOGETHER = 64;

/**
 * @param read the bytes of a file
 * @throws DataError when folders are arranged differently, or a file is no text
 */
export async function textsOfFolder(
  folder: { readonly path: string; readonly name: string; readonly list: ListFolder },
  spec: TextSpec,
  wanted: WantedTexts,
  read: (path: string) => Promise<Uint8Array>,
): Promise<FoundTexts> {
  const tree = await findClasses(folder.path, folder.list, wanted, TEXT_FILES);
  const [problem] = tree.strays;
  if (problem !== undefined) throw problem;
  const setOf = (classes: FilesByClass): TextSet => ({
    ...{ path: folder.path, name: folder.name },
    examples: () => textsOf(classes, spec, read),
  });
  if (tree.test === undefined) return undivided(setOf(tree.train), wanted);
  const test = setOf(tree.test);
  return wanted === 'test' ? { test, isWhole: false } : { train: setOf(tree.train), test, isWhole: false };
}

async function* textsOf(
  classes: FilesByClass,
  { encoding }: TextSpec,
  read: (path: string) => Promise<Uint8Array>,
): AsyncGenerator<readonly TextExample[]> {
  for (const [label, paths] of classes) {
    for (let from = 0; from < paths.length; from += TOGETHER) {
      const some = paths.slice(from, from + TOGETHER);
      yield await Promise.all(
        some.map(async (place) => ({ text: textIn(place, await read(place), encoding), label, place })),
      );
    }
  }
}

function textIn(path: string, bytes: Uint8Array, encoding: TextSpec['encoding']): string {
  if (bytes.length === 0) return '';
  const reader = utf8Bytes(path, bytes, encoding);
  const decoder = new TextDecoder();
  const text = decoder.decode(reader.push(bytes), { stream: true }) + decoder.decode(reader.end());
  if (!text.includes('\0')) return text;
  throw new DataError(`data: "${path}" has the byte 0, expected a text`, {
    hint: 'save it as plain text in UTF-8',
  });
}
