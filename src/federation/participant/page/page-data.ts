/**
 * Reads a participant's data in a page from the files that the user chose, of the kind that the
 * federation is about: pictures, a table, arrays, or texts. It accepts and refuses the same data as
 * `commonweight join`. For pages and their workers.
 */
import { readPageArrays } from '../../../data/arrays/page/read-page-arrays.js';
import type { Dataset } from '../../../data/dataset.js';
import { DataError } from '../../../data/error.js';
import { annotationsOf } from '../../../data/images/labels/label-settings.js';
import { type PageFile, unnamedFiles } from '../../../data/page/page-files.js';
import { readPageTable } from '../../../data/tables/page/read-page-table.js';
import { readPageTexts } from '../../../data/text/page/read-page-texts.js';
import { specFor, textSpec } from '../../../data/text/text-spec.js';
import { byteTokenizer, type Tokenizer } from '../../../data/text/tokenizer.js';
import type { DescribedData } from '../own-data.js';
import { readPageAnnotated } from './page-annotated-data.js';
import { readPagePictures } from './page-picture-data.js';

export interface PageDataOptions {
  readonly signal?: AbortSignal | undefined;
  /** That of the federation; texts are read as bytes without one. */
  readonly tokenizer?: Tokenizer | undefined;
  /** Told how many pictures have been decoded, or how many bytes of a table have been read. */
  readonly onProgress?: ((done: number, of: number) => void) | undefined;
  /** Told of what a table has otherwise than expected, and is taken nevertheless. */
  readonly onNotice?: ((notice: string) => void) | undefined;
}

/** The most memory that data may take: a tab has little more. */
const mostBytes = 2 ** 30;

/**
 * Reads the files into a data set for `ownData`. Nothing leaves the page.
 * @throws DataError, FederationError naming the file or folder that does not fit; the signal's
 * reason when it is aborted
 */
export async function readPageData(
  files: readonly PageFile[],
  described: DescribedData,
  { tokenizer = byteTokenizer, ...options }: PageDataOptions = {},
): Promise<Dataset> {
  const { data } = described.configuration;
  if (data?.kind === 'table') return readPageTable(onlyFile(files), data, { ...options, mostBytes });
  if (data?.kind === 'arrays') {
    return readPageArrays(files, placeOf(files), data, { ...options, mostBytes });
  }
  if (data?.kind === 'text') {
    return readPageTexts(files, specFor(textSpec(data, tokenizer), described), { ...options, mostBytes });
  }
  const annotations = annotationsOf(data);
  if (annotations !== undefined)
    return readPageAnnotated(files, described, annotations, { ...options, mostBytes });
  return readPagePictures(files, described, { ...options, mostBytes });
}

/** @throws DataError when it is not a single one */
function onlyFile(files: readonly PageFile[]): PageFile {
  const [only, ...others] = files;
  if (only !== undefined && others.length === 0) return only;
  const names = files.slice(0, 5).map(({ path }) => `"${path}"`);
  throw new DataError(
    files.length === 0
      ? 'data: there is no file to read among those that were chosen'
      : `data: ${files.length} files were chosen (${names.join(', ')}${files.length > 5 ? ', …' : ''}), expected one table`,
    { hint: 'choose the CSV, TSV or Parquet file of this participant' },
  );
}

/** The file, or the folder that the files have in common. */
function placeOf(files: readonly PageFile[]): string {
  const [first, ...others] = files.map(({ path }) => path);
  if (first === undefined || others.length === 0) return first ?? unnamedFiles;
  const folder = first.split('/').slice(0, -1).join('/');
  const isCommon = folder !== '' && others.every((path) => path.startsWith(`${folder}/`));
  return isCommon ? folder : unnamedFiles;
}
