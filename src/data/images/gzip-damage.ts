/** The error for a damaged gzip file, with the same words in Node and in a page. */
import { DataError } from '../error.js';

export const damagedGzip = (file: string, reason: string, cause?: unknown): DataError =>
  new DataError(`data: "${file}" is truncated or damaged (gzip: ${reason})`, {
    cause,
    hint: 'copy or download the file again',
  });
