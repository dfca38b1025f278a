/** Reads a participant's texts from files that were chosen in a page. For pages. */
import type { Dataset } from '../../dataset.js';
import { DataError } from '../../error.js';
import { chosenRoot, foldersOf } from '../../images/page/page-folders.js';
import { type PageFile, readPageFile, unnamedFiles } from '../../page/page-files.js';
import { type PagePiecesOptions, pagePieces } from '../../page/page-pieces.js';
import { type ReadTextsOptions, readTexts } from '../read-texts.js';
import type { TextSet } from '../text-examples.js';
import { textsOfFile } from '../text-file.js';
import { textsOfFolder } from '../text-folder.js';
import type { TextSpec } from '../text-spec.js';

type Options = PagePiecesOptions & Pick<ReadTextsOptions, 'onNotice'>;

/**
 * The data set that `join` makes of the same file, or of a folder of the same files.
 * @param spec with the classes and the length of the federation
 * @throws DataError when a file is no text, or lacks a column; the signal's reason
 */
export async function readPageTexts(
  files: readonly PageFile[],
  spec: TextSpec,
  options: Options,
): Promise<Dataset> {
  const bytes = files.reduce((sum, { file }) => sum + file.size, 0);
  if (bytes > options.mostBytes) {
    throw new DataError(
      `data: the texts take ${bytes} bytes, expected at most ${options.mostBytes} in a page`,
      {
        hint: 'take part by `commonweight join`, which has more memory',
      },
    );
  }
  const set = await chosenTexts(files, spec, options);
  const { onNotice, signal } = options;
  return (await readTexts([set], spec, { onNotice, signal }))[0] as Dataset;
}

async function chosenTexts(files: readonly PageFile[], spec: TextSpec, options: Options): Promise<TextSet> {
  const [only, ...others] = files;
  if (only !== undefined && others.length === 0) {
    const name = only.path.slice(only.path.lastIndexOf('/') + 1);
    const file = {
      name,
      pieces: () => pagePieces(only, options),
      source: async () => ({
        byteLength: only.file.size,
        slice: async (start: number, end?: number) => (await readPageFile(only, start, end)).buffer,
        close: async () => {},
      }),
    };
    return { path: name, name, examples: () => textsOfFile(file, spec) };
  }
  const list = foldersOf(files);
  const root = await chosenRoot(list, spec.classes ?? []);
  const byPath = new Map(files.map((file) => [file.path, file]));
  const read = (path: string) => readPageFile(byPath.get(path) as PageFile);
  const name = root === '' ? unnamedFiles : root;
  const { train } = await textsOfFolder({ path: root, name, list }, spec, 'training', read);
  return train as TextSet;
}
