/** The bytes of a file that was chosen in a page, piece by piece, unpacked if it is gzipped. */
import { DataError } from '../error.js';
import { type PageFile, readPageFile } from './page-files.js';
import { gunzipInPage } from './page-gzip.js';

const PIECE_BYTES = 2 ** 20;

export interface PagePiecesOptions {
  /** The most bytes that are unpacked, or of a file that is not packed. */
  readonly mostBytes: number;
  readonly signal?: AbortSignal | undefined;
  /** Told how many bytes of the file have been read, of how many. */
  readonly onProgress?: ((done: number, of: number) => void) | undefined;
}

/** @throws DataError when it cannot be read, or is too large; the signal's reason */
export async function* pagePieces(chosen: PageFile, options: PagePiecesOptions): AsyncGenerator<Uint8Array> {
  const { path, file } = chosen;
  const { mostBytes, signal, onProgress } = options;
  if (/\.gz$/i.test(path)) {
    yield await gunzipInPage(file, mostBytes, () => tooLarge(path, mostBytes), signal).catch(
      (cause: unknown) => {
        if (cause instanceof DataError || signal?.aborted) throw cause;
        throw new DataError(`data: "${path}" cannot be read: ${(cause as Error).message}`, { cause });
      },
    );
    return;
  }
  checkPageFile(chosen, options);
  for (let start = 0; start < file.size; start += PIECE_BYTES) {
    signal?.throwIfAborted();
    const end = Math.min(file.size, start + PIECE_BYTES);
    yield await readPageFile(chosen, start, end);
    onProgress?.(end, file.size);
  }
}

/** @throws DataError when the file itself is too large for a page */
export function checkPageFile(
  { path, file }: PageFile,
  { mostBytes }: Pick<PagePiecesOptions, 'mostBytes'>,
): void {
  if (file.size > mostBytes) throw tooLarge(path, mostBytes);
}

const tooLarge = (path: string, mostBytes: number) =>
  new DataError(`data: "${path}" takes more than ${mostBytes} bytes, expected at most that in a page`, {
    hint: 'take part by `commonweight join`, which has more memory',
  });
