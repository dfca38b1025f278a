/** Reads a text that people wrote, such as settings or a token. */
import { readFile } from 'node:fs/promises';
import { CommonweightError } from '../error.js';

/** @throws the system's error, or one that says that the text is UTF-16 */
export async function readText(path: string): Promise<string> {
  const bytes = await readFile(path);
  if (isUtf16(bytes)) {
    throw new CommonweightError('it is UTF-16, expected UTF-8', {
      hint: 'save it again as UTF-8; in PowerShell, write it by Out-File -Encoding utf8 instead of >',
    });
  }
  return new TextDecoder().decode(bytes);
}

/** By its mark, or by the zeros that plain letters have there. */
const isUtf16 = ([first, second, third, fourth]: Uint8Array) =>
  (first === 0xff && second === 0xfe) ||
  (first === 0xfe && second === 0xff) ||
  (second === 0 && fourth === 0 && first !== 0) ||
  (first === 0 && third === 0 && second !== 0);

/** The hint of a cause, for the error that is made of it. */
export const hintOf = (cause: unknown): { readonly hint?: string } =>
  cause instanceof CommonweightError && cause.hint !== undefined ? { hint: cause.hint } : {};
