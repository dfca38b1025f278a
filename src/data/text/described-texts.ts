/** What settings alone say about texts: their length and their classes. */
import type { Dataset } from '../dataset.js';
import { DataError } from '../error.js';
import { KINDS } from '../paged-values.js';
import { textLabels, textTokens } from './read-texts.js';
import { type TextSettings, textSpec } from './text-spec.js';
import type { Tokenizer } from './tokenizer.js';

/** @throws DataError when classes or the length are not declared */
export function describedTexts(settings: TextSettings, tokenizer: Tokenizer): Dataset {
  const spec = textSpec(settings, tokenizer);
  const { classes, length } = spec;
  if (classes === undefined || length === undefined) {
    const [field, example] = classes === undefined ? ['classes', '[negative, positive]'] : ['length', '256'];
    throw new DataError(
      `data: "data.${field}" is not declared, expected the same at every participant, and here are no texts that tell it`,
      { hint: `set it, such as ${field}: ${example}` },
    );
  }
  const inputs = [{ ...textTokens(spec, length), values: new KINDS[tokenizer.kept](0) }];
  return { name: 'none', examples: 0, inputs, targets: [textLabels(classes, new Int32Array(0))] };
}
