/** Settings of texts → what is read of each, in one form. */
import { canonicalName } from '../../base/names.js';
import { categoriesOf, type DataFacts } from '../dataset.js';
import type { DataSettings } from '../settings.js';
import { columnName } from '../tables/column-specs.js';
import type { Tokenizer } from './tokenizer.js';

export type TextSettings = Extract<DataSettings, { kind: 'text' }>;

export interface TextSpec extends Pick<TextSettings, 'separator' | 'encoding'> {
  /** The column of a table, or the field of a JSONL file. */
  readonly text: string;
  /** Undefined if labels are not looked at. */
  readonly label: string | undefined;
  /** Undefined where they are what the texts have. */
  readonly classes: readonly string[] | undefined;
  readonly tokenizer: Tokenizer;
  /** In tokens; undefined where it is chosen by the texts. */
  readonly length: number | undefined;
}

export const textSpec = (
  { text, label, classes, length, separator, encoding }: TextSettings,
  tokenizer: Tokenizer,
): TextSpec => ({
  text: columnName(text),
  label: columnName(label),
  classes:
    classes === undefined || classes === true
      ? undefined
      : classes.map((name) => canonicalName(String(name).trim())),
  ...{ length, separator, encoding, tokenizer },
});

/** The same, with the classes and the length of a federation or of a model. */
export const specFor = (spec: TextSpec, facts: DataFacts): TextSpec => ({
  ...spec,
  classes: categoriesOf(facts),
  length: facts.inputs[0]?.shape[0],
});

/**
 * What a model reads of texts; undefined if it reads something else.
 * @param settings those that it was trained by, where they are known
 */
export function specOfModel(
  facts: DataFacts,
  settings: DataSettings | undefined,
  tokenizer: Tokenizer,
): TextSpec | undefined {
  const [{ meaning } = {}] = facts.inputs;
  if (meaning?.kind !== 'tokens' || meaning.field === undefined) return undefined;
  const known = settings?.kind === 'text' ? textSpec(settings, tokenizer) : { label: DEFAULT_LABEL };
  return specFor({ ...NO_FORMAT, ...known, tokenizer, text: meaning.field }, facts);
}

const NO_FORMAT = { separator: undefined, encoding: undefined, classes: undefined, length: undefined };
/** As settings have it by default. */
const DEFAULT_LABEL = 'label';

/** The columns that are read. */
export const textFields = ({ text, label }: TextSpec): readonly string[] =>
  label === undefined ? [text] : [text, label];
