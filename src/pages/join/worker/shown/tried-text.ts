/** Tries a model of texts on one that the user enters. */
import { tokenStore } from '../../../../data/text/token-store.js';
import type { Tokenizer } from '../../../../data/text/tokenizer.js';
import type { ModelDescription } from '../../../../engine/nn/model-file.js';
import { i32Tensor } from '../../../../tensor/tensor.js';
import type { RowTrial } from '../../state/messages.js';
import { answerOf } from './tried-rows.js';
import type { Trying } from './trying.js';

/** Undefined if the model does not read texts. */
export function triedText(description: ModelDescription, tokenizer: Tokenizer): Trying<RowTrial> | undefined {
  const [
    {
      name,
      meaning,
      shape: [length = 1],
    } = { name: '', meaning: undefined, shape: [] },
  ] = description.inputs;
  if (meaning?.kind !== 'tokens' || meaning.field === undefined) return undefined;
  const { field } = meaning;
  return {
    facts: {
      kind: 'row',
      fields: [{ name: field, kind: 'text', unit: undefined, range: undefined, names: [] }],
      ...answerOf(description, undefined),
    },
    async feeds(example) {
      if (!('cells' in example)) throw new Error('internal: the model reads texts');
      const store = tokenStore(tokenizer, length, undefined);
      store.add(String(example.cells[field] ?? ''));
      const ids = Int32Array.from(store.finish() as Uint8Array | Int32Array);
      return { feeds: { [name]: i32Tensor(ids, [1, length]) } };
    },
  };
}
