/** What the numbers of a column mean, and which of them cannot be. */
import { categoryValues, type Feature } from './features.js';

export type Meaning =
  /** The bytes of a picture, [channels, height, width]. */
  | { readonly kind: 'picture' }
  /** Each number is one of so many things. What is `ignored` is none of them. */
  | { readonly kind: 'categories'; readonly names: readonly string[]; readonly ignored?: number }
  | { readonly kind: 'number'; readonly unit?: string }
  /** Words, or pieces of them, by their numbers. */
  | {
      readonly kind: 'tokens';
      readonly vocabulary: number;
      /** What fills the places after a text, and the column or field that it is read from. */
      readonly padding?: number | undefined;
      readonly field?: string | undefined;
      /** The SHA-256 of the tokenizer.json by which texts become tokens. */
      readonly tokenizer?: string | undefined;
    }
  /** [features]: a row of a table; all of them numbers (f32), or all of them categories (i32). */
  | { readonly kind: 'features'; readonly features: readonly Feature[] };

/** The first value that cannot be: not counting pictures, of which any byte is right. */
export function valuesProblem(
  meaning: Exclude<Meaning, { kind: 'picture' }>,
  values: Uint8Array | Int32Array | Float32Array,
): { readonly at: number; readonly expected: string } | undefined {
  const first = (wrong: (value: number) => boolean, expected: string) => {
    const at = (values as Float32Array).findIndex(wrong);
    return at === -1 ? undefined : { at, expected };
  };
  switch (meaning.kind) {
    case 'categories': {
      const { names, ignored } = meaning;
      return first(
        (value) => !(value >= 0 && value < names.length) && value !== ignored,
        `0 to ${names.length - 1}`,
      );
    }
    case 'tokens':
      return first((value) => !(value >= 0 && value < meaning.vocabulary), `0 to ${meaning.vocabulary - 1}`);
    case 'number':
      return first((value) => !Number.isFinite(value), 'a finite number');
    case 'features':
      return featuresProblem(meaning.features, values);
  }
}

function featuresProblem(
  features: readonly Feature[],
  values: Uint8Array | Int32Array | Float32Array,
): { readonly at: number; readonly expected: string } | undefined {
  const counts = features.map((feature) =>
    feature.kind === 'category' ? categoryValues(feature) : Infinity,
  );
  for (let at = 0; at < values.length; at++) {
    const value = values[at] as number;
    const count = counts[at % counts.length] as number;
    if (count === Infinity ? Number.isFinite(value) : value >= 0 && value < count) continue;
    const { name } = features[at % counts.length] as Feature;
    const expected = count === Infinity ? 'a finite number' : `0 to ${count - 1}`;
    return { at, expected: `${expected} for "${name}"` };
  }
  return undefined;
}
