/** What the settings say of arrays, and the columns that arrays become by it. */
import { canonicalName } from '../../base/names.js';
import { type Shape, sameShape } from '../../tensor/shape.js';
import type { ColumnFacts, DataFacts, Dataset, HeldColumn } from '../dataset.js';
import { DataError } from '../error.js';
import type { Meaning } from '../meaning.js';
import type { ValuesKind } from '../paged-values.js';
import type { ArrayMeaning, ArraySettings } from '../settings.js';
import { kindOf, type StoredArray } from './stored-array.js';

export const meaningOfArray = (setting: ArrayMeaning): Meaning => {
  if (setting === 'number' || setting === 'picture') return { kind: setting };
  // What each label says is the settings' alone.
  if ('labels' in setting) return { kind: 'categories', names: ['0', '1'] };
  if ('number' in setting) {
    return { kind: 'number', ...(setting.number !== true && { unit: setting.number }) };
  }
  if ('tokens' in setting) return { kind: 'tokens', vocabulary: setting.tokens };
  const { category, ignored } = setting;
  return {
    kind: 'categories',
    names: category.map((name) => canonicalName(String(name))),
    ...(ignored !== undefined && { ignored }),
  };
};

/** The settings of which such columns are. */
export function arraySettingsOf({ inputs, targets }: DataFacts): Pick<ArraySettings, 'inputs' | 'targets'> {
  const of = (columns: readonly ColumnFacts[]) =>
    Object.fromEntries(columns.map((column) => [column.name, settingOfColumn(column)]));
  return { inputs: of(inputs), targets: of(targets) };
}

function settingOfColumn({ name, meaning, shape: own }: ColumnFacts): ArrayMeaning {
  const shape = [...own];
  switch (meaning.kind) {
    case 'picture':
      return 'picture';
    case 'number':
      return { number: meaning.unit ?? true, shape };
    case 'tokens':
      return { tokens: meaning.vocabulary, shape };
    case 'categories':
      return {
        ...{ category: [...meaning.names], shape },
        ...(meaning.ignored !== undefined && { ignored: meaning.ignored }),
      };
    case 'features':
      throw new Error(`internal: "${name}" is of a table`);
  }
}

/**
 * The column of an array, without its values.
 * @param what names the array in errors
 * @throws DataError when its type or shape does not fit its meaning
 */
export function columnOfArray(
  name: string,
  setting: ArrayMeaning,
  { type, shape: [examples, ...shape] }: StoredArray,
  what: string,
): ColumnFacts {
  const meaning = meaningOfArray(setting);
  const declared = declaredShape(setting);
  const got = `${type}[${[examples, ...shape].filter((extent) => extent !== undefined)}]`;
  const wrong = (expected: string, hint: string) =>
    new DataError(`data: ${what} is ${got}, expected ${expected}`, { hint });
  if (examples === undefined || examples === 0 || shape.includes(0)) {
    throw wrong('one or more examples along its first axis', 'write an array of shape [examples, …]');
  }
  if (declared !== undefined && !sameShape(shape, declared)) {
    throw wrong(`[examples,${declared}], as "${name}" is declared`, 'write it so, or declare it otherwise');
  }
  if (shape.length > 8) throw wrong('at most 8 axes beside that of the examples', 'reshape it');
  if (meaning.kind === 'picture') {
    if (type !== 'u8' || shape.length !== 3) {
      throw wrong(
        'u8[examples,channels,height,width] of a picture',
        'write bytes from 0 to 255, or call it a number',
      );
    }
    return { name, dtype: 'u8', shape, meaning };
  }
  if (meaning.kind === 'number') return { name, dtype: 'f32', shape, meaning };
  if (kindOf(type) === 'f32') {
    throw wrong(
      `whole numbers, since "${name}" is ${meaning.kind === 'tokens' ? 'tokens' : 'a category'}`,
      'write it as integers, such as by array.astype("int32")',
    );
  }
  return { name, dtype: 'i32', shape, meaning };
}

/** The shape of an example, as far as the settings say it. */
function declaredShape(setting: ArrayMeaning): Shape | undefined {
  if (typeof setting === 'string') return undefined;
  return 'labels' in setting ? [setting.labels.length] : setting.shape;
}

/**
 * The columns of settings alone, without examples: an input has the shape that they say, and a
 * target without one is one value.
 * @throws DataError when they do not say the shape of an input
 */
export function describedArrays({ inputs, targets }: Pick<ArraySettings, 'inputs' | 'targets'>): Dataset {
  const column = (name: string, setting: ArrayMeaning, shape: Shape): HeldColumn => {
    const meaning = meaningOfArray(setting);
    return meaning.kind === 'number'
      ? { name, dtype: 'f32', shape, meaning, values: new Float32Array(0) }
      : { name, dtype: 'i32', shape, meaning, values: new Int32Array(0) };
  };
  return {
    ...{ name: 'none', examples: 0 },
    inputs: Object.entries(inputs).map(([name, setting]) => {
      const shape = declaredShape(setting);
      if (shape !== undefined) return column(name, setting, shape);
      const example = setting === 'number' ? '{ number: true, shape: [2, 128] }' : 'shape: [2, 128]';
      throw new DataError(`data: the shape of "${name}" is not declared, and there is no file that says it`, {
        hint:
          setting === 'picture'
            ? 'name a file with "dataset"'
            : `declare it, such as ${example}; or name a file with "dataset"`,
      });
    }),
    targets: Object.entries(targets).map(([name, setting]) =>
      column(name, setting, declaredShape(setting) ?? []),
    ),
  };
}

/** The kind of array that its values are kept in: bytes stay bytes. */
export const keptKind = ({ dtype }: ColumnFacts, { type }: StoredArray): ValuesKind =>
  kindOf(type) === 'u8' ? 'u8' : dtype;
