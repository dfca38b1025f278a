/** Opens the tokenizer.json that settings name. Node only. */
import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { reasonOf } from '../../../base/node/reason.js';
import { DataError } from '../../error.js';
import type { DataSettings } from '../../settings.js';
import { jsonTokenizer, MOST_TOKENIZER_BYTES, tooLarge } from '../json-tokenizer.js';
import { type TextSettings, type TextSpec, textSpec } from '../text-spec.js';
import { byteTokenizer, type Tokenizer } from '../tokenizer.js';

/** What settings say of texts, with the tokenizer of the file that they name. */
export const openedSpec = async (settings: TextSettings): Promise<TextSpec> =>
  textSpec(settings, await tokenizerOf(settings));

/** @throws DataError when there is no such file, or it is no tokenizer */
export async function tokenizerOf(settings: TextSettings): Promise<Tokenizer> {
  const bytes = await tokenizerFile(settings);
  return bytes === undefined ? byteTokenizer : jsonTokenizer(basename(settings.tokenizer as string), bytes);
}

/** The bytes of the tokenizer.json; undefined if texts are read as bytes. */
export async function tokenizerFile(
  settings: DataSettings | undefined,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const path = settings?.kind === 'text' ? settings.tokenizer : undefined;
  if (path === undefined) return undefined;
  try {
    const { size } = await stat(path);
    if (size <= MOST_TOKENIZER_BYTES) return new Uint8Array(await readFile(path));
    throw tooLarge(path, size);
  } catch (cause) {
    if (cause instanceof DataError) throw cause;
    throw new DataError(`data: the tokenizer "${path}" cannot be read: ${reasonOf(cause)}`, {
      cause,
      hint: 'set "data.tokenizer" to the tokenizer.json, or leave it out to read bytes',
    });
  }
}
