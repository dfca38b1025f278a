/**
 * The beginning of an exported model of a table. It reads each column of the table as an input of
 * its own, as the cells are: numbers f32 [batch], NaN if missing, and categories as texts [batch],
 * empty if missing. It makes the numbers and codes of which the rest of the model is.
 */
import {
  type CategoryFeature,
  type Feature,
  MISSING_NUMBER,
  MISSING_WORDS,
  missingCategory,
  type NumberFeature,
  otherCategory,
} from '../../../data/features.js';
import { ONNX_TYPES, type OnnxModelBuilder } from '../model-builder.js';

/** An input of the model, for one column of the table. */
export interface CellInput {
  readonly name: string;
  readonly feature: Feature;
}

/**
 * The inputs for the columns of a table: each has the name of its column, with "_" after it as long
 * as something else in the model is called so.
 */
export function namedCells(
  cells: Readonly<Record<string, readonly Feature[]>>,
  taken: readonly string[],
): Readonly<Record<string, readonly CellInput[]>> {
  const used = new Set(taken);
  const named = (feature: Feature): CellInput => {
    let { name } = feature;
    while (used.has(name)) name += '_';
    used.add(name);
    return { name, feature };
  };
  return Object.fromEntries(Object.entries(cells).map(([name, features]) => [name, features.map(named)]));
}

/** Numbers f32 or codes i32, [batch, columns]. */
export function readCells(model: OnnxModelBuilder, inputs: readonly CellInput[]): string {
  const columns = inputs.map(({ name, feature }) => {
    const read =
      feature.kind === 'number' ? readNumbers(model, name, feature) : readTexts(model, name, feature);
    return model.node('Unsqueeze', [read, model.int64s([1])]);
  });
  const [first = '', ...others] = columns;
  const row = others.length === 0 ? first : model.node('Concat', columns, { axis: 1 });
  if (inputs[0]?.feature.kind === 'category') return model.node('Cast', [row], { to: ONNX_TYPES.i32 });
  const isMissing = model.node('IsNaN', [row]);
  return model.node('Where', [isMissing, model.float(MISSING_NUMBER), row]);
}

function readNumbers(model: OnnxModelBuilder, name: string, { missing = [] }: NumberFeature): string {
  return missing.reduce(
    (cells, value) =>
      model.node('Where', [
        model.node('Equal', [cells, model.float(value)]),
        model.float(MISSING_NUMBER),
        cells,
      ]),
    model.input(name, 'f32', ['batch']),
  );
}

function readTexts(model: OnnxModelBuilder, name: string, feature: CategoryFeature): string {
  const codes = codesOfTexts(feature);
  return model.node('LabelEncoder', [model.input(name, 'string', ['batch'])], {
    keys_strings: { strings: [...codes.keys()] },
    values_int64s: [...codes.values()],
    default_int64: otherCategory(feature),
  });
}

/**
 * The code of each text that is not another category, as tables are read: a name, "1.0" for the
 * name "1", and what stands for a missing value.
 */
function codesOfTexts(feature: CategoryFeature): Map<string, number> {
  const { names, missing = [] } = feature;
  const codes = new Map(names.map((one, code) => [one, code]));
  const add = (text: string, code: number) => codes.has(text) || codes.set(text, code);
  for (const [code, one] of names.entries()) if (/^-?\d+$/.test(one)) add(`${one}.0`, code);
  for (const word of MISSING_WORDS.flatMap(inAnyCase)) add(word, missingCategory(feature));
  for (const word of missing) codes.set(word, missingCategory(feature));
  return codes;
}

/** "na", "Na", "nA", "NA" */
const inAnyCase = (word: string): string[] =>
  [...word].reduce(
    (starts: string[], letter) =>
      [...new Set([letter, letter.toUpperCase()])].flatMap((one) => starts.map((start) => start + one)),
    [''],
  );
