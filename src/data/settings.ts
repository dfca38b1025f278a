/**
 * The settings of data: pictures, a table, arrays, or texts, and in a simulation where the data of
 * each participant lie. Without them, data are pictures.
 */
import { z } from 'zod';
import { nameSchema } from '../base/text.js';

/** A value as it may be written in a file of settings; in a table it is text. */
const cellSchema = z.union([nameSchema, z.number(), z.boolean()]);
const cellsSchema = z.array(cellSchema).min(1).max(10_000);
const missing = z
  .array(z.union([z.string().max(200), z.number()]))
  .min(1)
  .max(100)
  .optional()
  .describe('What stands for a missing value, beside an empty cell, NA, NaN, null and the like.');
const unit = z.union([z.literal(true), nameSchema]);

/** The names of categories; `true` where a simulation takes those that its sites have. */
const namesSchema = z.union([z.literal(true), cellsSchema]);

const columnSchema = z.union([
  z.enum(['number', 'category', 'date']),
  cellsSchema.describe('A category, by its names.'),
  z
    .strictObject({
      number: unit.describe('Its unit, or true.'),
      missing,
      range: z
        .tuple([z.number(), z.number()])
        .refine(([low, high]) => low < high, 'expected a smaller and a larger number')
        .optional()
        .describe('The least and the greatest value that can be; values beyond are reported.'),
    })
    .describe('A quantity.'),
  z.strictObject({ category: namesSchema.describe('Its names, or true.'), missing }).describe('A category.'),
  z
    .strictObject({ date: z.literal(true).describe('As 2026-12-31, a time of day may follow.'), missing })
    .describe('A day, which becomes the number of days since 1970-01-01.'),
]);

const column = nameSchema.describe('The column of the table.');
const columns = z.array(nameSchema).min(1).max(1000).describe('Columns of the table.');

const tableTargetSchema = z.union([
  z
    .strictObject({
      column,
      positive: z
        .union([z.string().min(1).max(200), z.number(), z.boolean()])
        .describe('A condition such as "> 0", or the value that is positive.'),
      names: z.tuple([nameSchema, nameSchema]).optional().describe('Of the negative and the positive rows.'),
      missing,
    })
    .describe('Two classes.'),
  z
    .strictObject({ column, classes: namesSchema.describe('Their names, or true.'), missing })
    .describe('Classes.'),
  z.strictObject({ column, number: unit.describe('Its unit, or true.'), missing }).describe('A quantity.'),
  z.strictObject({ columns, number: unit.describe('Their unit, or true.'), missing }).describe('Quantities.'),
  z
    .strictObject({ columns, labels: z.literal(true).describe('Each is 0 or 1.'), missing })
    .describe('Labels, each of which is there or not.'),
]);

const sites = z
  .array(z.string().min(1))
  .min(1)
  .max(10_000)
  .optional()
  .describe(
    'In a simulation: one folder or file for each participant, which is named after it. It is never part of a description.',
  );
const test = z
  .string()
  .min(1)
  .optional()
  .describe('A second file, all of it for the test. It is never part of a description.');

/** A file or folder in the folder of a participant's data. */
const within = z
  .string()
  .min(1)
  .max(400)
  .refine(
    (path) => !/^[/\\]|^[a-z]:|(^|[/\\])\.\.([/\\]|$)/i.test(path),
    'expected a name within the folder of the pictures',
  );
const labelFile = within.describe('The table of labels, a CSV or TSV file in the folder of the pictures.');
const pictureColumn = nameSchema
  .optional()
  .describe('The column with the names of the pictures; found by default.');

const labelsSchema = z.union([
  labelFile,
  z
    .strictObject({
      ...{ file: labelFile, picture: pictureColumn },
      class: nameSchema.optional().describe('The column with the classes; found by default.'),
    })
    .describe('One class for each picture.'),
  z
    .strictObject({
      ...{ file: labelFile, picture: pictureColumn },
      columns: columns.describe('A column of 0 or 1 for each label.'),
    })
    .describe('Labels, each of which is there or not.'),
  z
    .strictObject({
      ...{ file: labelFile, picture: pictureColumn },
      list: nameSchema.describe('The column with the names of the labels that a picture has.'),
      names: z.array(nameSchema).min(1).max(1000).describe('All labels.'),
      separator: z
        .string()
        .min(1)
        .max(3)
        .optional()
        .describe('What stands between labels; a semicolon, a bar or a comma by default.'),
    })
    .describe('Labels, each of which is there or not.'),
]);

const maskValue = z.int().min(0).max(65_535);
const masksSchema = z
  .strictObject({
    folder: within.describe('The folder of the masks, in the folder of the pictures.'),
    classes: z
      .union([
        z.array(nameSchema).min(2).max(255).describe('The first one has the value 0.'),
        z
          .record(nameSchema, maskValue)
          .refine((all) => Object.keys(all).length >= 2, 'expected at least two classes')
          .refine((all) => Object.keys(all).length <= 255, 'expected at most 255 classes'),
      ])
      .describe('The classes, and their values in the masks: grey values, or places in the palette.'),
    ignored: z
      .union([maskValue, z.array(maskValue).min(1).max(1000)])
      .optional()
      .describe('Values that are of no class, and do not count.'),
  })
  .refine(
    ({ classes, ignored = [] }) => {
      const values = [
        ...(Array.isArray(classes) ? classes.keys() : Object.values(classes)),
        ...[ignored].flat(),
      ];
      return new Set(values).size === values.length;
    },
    { path: ['classes'], message: 'expected each value once, those that are ignored too' },
  );

const picturesSchema = z
  .strictObject({
    kind: z.literal('pictures'),
    labels: labelsSchema
      .optional()
      .describe('Where the labels of pictures are, if not in the names of their folders.'),
    masks: masksSchema.optional().describe('Pictures whose values say what each place of a picture is.'),
    sites,
  })
  .describe('Pictures, each with its class, with labels, or with a mask.');

const separator = z
  .enum([',', ';', '\t', '|'])
  .optional()
  .describe('What separates the cells of a line; found in the file by default.');
const encoding = z
  .enum(['utf-8', 'latin-1'])
  .optional()
  .describe('Of a text file: UTF-8 by default, and UTF-16 where its mark says so.');

const tableSchema = z
  .strictObject({
    kind: z.literal('table'),
    columns: z
      .record(nameSchema, columnSchema)
      .refine((all) => Object.keys(all).length > 0, 'expected at least one column')
      .describe('The inputs, by the names of their columns; other columns are left out.'),
    target: tableTargetSchema.describe('What is learned.'),
    group: nameSchema
      .optional()
      .describe('A column whose equal values stay on one side of every split, such as the patient.'),
    separator,
    decimal: z
      .enum(['.', ','])
      .optional()
      .describe('What stands before the decimals of a number; found in the file by default.'),
    encoding,
    ...{ sites, test },
  })
  .describe('A table, as CSV, TSV or Parquet.');

const shape = z
  .array(z.int().positive())
  .max(8)
  .optional()
  .describe('Of one example; a file may say it, but a coordinator without data cannot see it.');

const arrayMeaningSchema = z.union([
  z.enum(['number', 'picture']),
  z.strictObject({ number: unit.describe('Their unit, or true.'), shape }).describe('Quantities.'),
  z
    .strictObject({ labels: cellsSchema.describe('What each 0 or 1 of an example says.') })
    .describe('Labels, each of which is there or not: 0 or 1 for each.'),
  z
    .strictObject({
      category: cellsSchema.describe('The names of the categories; the number is the place.'),
      ignored: z.int().optional().describe('The number that stands for none of them.'),
      shape,
    })
    .describe('Categories, by their numbers from 0.'),
  z
    .strictObject({ tokens: z.int().positive().describe('How many different tokens there are.'), shape })
    .describe('Words, or pieces of them, by their numbers.'),
]);
export type ArrayMeaning = z.output<typeof arrayMeaningSchema>;

const namedArrays = z
  .record(nameSchema, arrayMeaningSchema)
  .refine((all) => Object.keys(all).length > 0, 'expected at least one array');

const arraysSchema = z
  .strictObject({
    kind: z.literal('arrays'),
    inputs: namedArrays.describe('The arrays that are inputs, by their names, and what they mean.'),
    targets: namedArrays.describe('The arrays that are learned.'),
    ...{ sites, test },
  })
  .describe('Arrays, as .npz, .safetensors, Parquet with lists, or a folder of .npy files.');
export type ArraySettings = z.output<typeof arraysSchema>;

const textSchema = z
  .strictObject({
    kind: z.literal('text'),
    text: nameSchema.default('text').describe('The column of a table, or the field of a JSONL file.'),
    label: nameSchema.default('label').describe('The column or the field with the class of a text.'),
    classes: namesSchema
      .optional()
      .describe('The names of the classes; those that the texts have, if they are left out.'),
    length: z
      .int()
      .min(1)
      .max(8192)
      .optional()
      .describe('To so many tokens each text is padded or cut; chosen by the texts if left out.'),
    tokenizer: z
      .string()
      .min(1)
      .optional()
      .describe(
        'The path of a tokenizer.json; texts are read as bytes without one. The path is never part of a description, which has the hash of the file.',
      ),
    separator,
    encoding,
    ...{ sites, test },
  })
  .describe('Texts with classes, as CSV, TSV, Parquet, JSONL, or one folder for each class.');

export const dataSchema = z
  .discriminatedUnion('kind', [picturesSchema, tableSchema, arraysSchema, textSchema])
  .meta({ title: 'Data', description: 'What the data are, known by their `kind`.' });

export type DataSettings = z.output<typeof dataSchema>;

/** The value of `dataset` where `sites` say where the data lie. */
export const SITES = 'sites';

export const sitesOf = (data: DataSettings | undefined): readonly string[] | undefined => data?.sites;

/** The second file, for the test. */
export const testFileOf = (data: DataSettings | undefined): string | undefined =>
  data === undefined || data.kind === 'pictures' ? undefined : data.test;

/** The last part of a path, without its extension: a participant is named after it. */
export function siteName(path: string): string {
  const last = path.split(/[/\\]/).findLast((part) => part !== '' && part !== '.') ?? path;
  return last.replace(/(?<=.)\.(csv|tsv|txt|parquet|jsonl|ndjson|npy|npz|safetensors)(\.gz)?$/i, '');
}

/**
 * Settings as they were given, completed by what their `data` say. A list of folders means pictures
 * with these sites; sites say who takes part, and with which data. What is not right stays as it
 * is, for the schema to refuse.
 */
export function completedByData(given: unknown): unknown {
  if (!isRecord(given)) return given;
  const data = Array.isArray(given.data) ? { kind: 'pictures', sites: given.data } : given.data;
  if (!isRecord(data)) return given;
  const { sites, target } = data;
  const task =
    given.task ??
    (data.kind === 'pictures'
      ? taskOfPictures(data)
      : taskOf(data.kind === 'arrays' ? firstOf(data.targets) : target));
  const completed = { ...given, data, ...(task !== undefined && { task }) };
  if (!Array.isArray(sites) || sites.length === 0 || !sites.every((site) => typeof site === 'string'))
    return completed;
  const { partition = {}, dataset = SITES, participants = sites.map(siteName) } = given;
  if (!isRecord(partition)) return completed;
  return {
    ...completed,
    ...{ dataset, participants },
    partition: {
      ...partition,
      name: partition.name ?? 'own',
      participants: partition.participants ?? sites.length,
    },
  };
}

/** Numbers are learned by regression, labels as several of them. */
function taskOf(target: unknown): object | undefined {
  if (target === 'number') return { name: 'regression' };
  if (!isRecord(target)) return undefined;
  if (target.labels !== undefined) return { name: 'multi-label' };
  if (target.number === undefined) return undefined;
  const isUnit = typeof target.number === 'string' && target.number.length <= 20;
  return { name: 'regression', ...(isUnit && { unit: target.number }) };
}

/** What pictures have beside folders for their classes. */
function taskOfPictures({ labels, masks }: Readonly<Record<string, unknown>>): object | undefined {
  if (masks !== undefined) return { name: 'segmentation' };
  const isSeveral = isRecord(labels) && (labels.columns !== undefined || labels.list !== undefined);
  return isSeveral ? { name: 'multi-label' } : undefined;
}

const firstOf = (record: unknown) => (isRecord(record) ? Object.values(record)[0] : undefined);

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
