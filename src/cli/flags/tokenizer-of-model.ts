/** The tokenizer of a model of texts: beside its file, or where the settings of its run say. */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { DataFacts } from '../../data/dataset.js';
import type { DataSettings } from '../../data/settings.js';
import { jsonTokenizer, TOKENIZER_FILE } from '../../data/text/json-tokenizer.js';
import { byteTokenizer, type Tokenizer } from '../../data/text/tokenizer.js';
import { UsageError } from '../terminal/error.js';

/**
 * @param path the file of the model
 * @throws UsageError when there is no such file, or it is another one
 */
export async function tokenizerOfModel(
  path: string,
  { inputs: [input] }: DataFacts,
  settings: DataSettings | undefined,
): Promise<Tokenizer> {
  const wanted = input?.meaning.kind === 'tokens' ? input.meaning.tokenizer : undefined;
  if (wanted === undefined) return byteTokenizer;
  const named = settings?.kind === 'text' ? settings.tokenizer : undefined;
  // Models of single rounds are one folder deeper.
  const beside = [dirname(path), dirname(dirname(path))].map((folder) => join(folder, TOKENIZER_FILE));
  for (const file of [...beside, ...(named === undefined ? [] : [named])]) {
    const bytes = await readFile(file).catch(() => undefined);
    if (bytes === undefined) continue;
    const tokenizer = await jsonTokenizer(file, new Uint8Array(bytes));
    if (tokenizer.sha256 === wanted) return tokenizer;
  }
  throw new UsageError(
    `"${path}" reads texts by a tokenizer.json with the SHA-256 ${wanted}, which is not here`,
    {
      hint: `put the file beside the model, as ${TOKENIZER_FILE}`,
    },
  );
}
