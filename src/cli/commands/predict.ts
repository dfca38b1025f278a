/**
 * `commonweight predict`: the class of pictures, or what a model says of the rows of a table or of
 * the examples of arrays, or of texts.
 */
import { mkdir } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import type { Command } from 'commander';
import { arraySettingsOf } from '../../data/arrays/array-columns.js';
import { loadArrays } from '../../data/arrays/node/load-arrays.js';
import { type Column, categoriesOf, closeDatasets } from '../../data/dataset.js';
import {
  type AnnotationSettings,
  annotationsOf,
  maskSpec,
  NO_CLASS,
} from '../../data/images/labels/label-settings.js';
import { maskOfPicture } from '../../data/images/labels/mask-values.js';
import { decodePicture, pictureSize } from '../../data/images/node/open-picture.js';
import { inputSizeOf } from '../../data/images/picture-facts.js';
import type { PictureExtent, PictureFit } from '../../data/images/picture-size.js';
import { png } from '../../data/images/png.js';
import { pagingIn } from '../../data/paged/node/paging.js';
import { loadRows } from '../../data/tables/node/load-rows.js';
import { loadUnlabelled } from '../../data/text/node/load-texts.js';
import type { TextSpec } from '../../data/text/text-spec.js';
import { exportInference } from '../../engine/nn/export-inference.js';
import type { ModelFile } from '../../engine/nn/model-file.js';
import { ortNode } from '../../engine/runtime/node/ort-node.js';
import { machineMemory } from '../../federation/plan/node/machine-memory.js';
import { namesOfPredicted } from '../../protocol/configuration/learned-names.js';
import { percent, plural } from '../../report/numbers.js';
import {
  labelsCsv,
  labelsReport,
  largest,
  type MaskedPicture,
  masksReport,
  type PredictedPicture,
} from '../../report/text/predicted-pictures.js';
import {
  type PredictedTable,
  type PredictedTarget,
  predictedClass,
  predictionsCsv,
  predictionsReport,
  type RowPredictions,
} from '../../report/text/predictions.js';
import { textTable } from '../../report/text-table.js';
import { sizeOf } from '../../tensor/shape.js';
import { u8Tensor } from '../../tensor/tensor.js';
import { type PredictedRows, predictRows } from '../../training/predict-rows.js';
import { imageShapeOption, networkOption, normalizationOption } from '../flags/model-options.js';
import {
  type DescribedModelFile,
  isDataModel,
  isTableModel,
  type OpenedDataModel,
  openDataModel,
} from '../flags/open-data-model.js';
import { type ModelFlags, openModel, readModelFile } from '../flags/open-model.js';
import { UsageError } from '../terminal/error.js';
import { print } from '../terminal/print.js';
import { checkFolderOf, writeFlagFile } from '../terminal/whole-file.js';

interface PredictFlags extends ModelFlags {
  readonly output?: string;
}

export function addPredict(program: Command): void {
  program
    .command('predict')
    .description(
      'Name the class of each picture, with its probability, or its labels, or make its mask, or predict each row of a table, each example of arrays, or each text. Pictures (PNG, JPEG, WebP, GIF, TIFF, AVIF, BMP) are brought to the size and the channels of the model’s input, as in training. Fashion-MNIST shows light things on a black background. A table is a CSV, TSV or Parquet file with the columns that the model has learned from; arrays are an .npz, .safetensors or .parquet file, or a folder of .npy files, with the arrays that it reads; texts are a column of a table or a field of a JSONL file, or a folder.',
    )
    .argument('<model>', 'a safetensors file')
    .argument('<file...>', 'files of pictures, or one table, or one file of arrays or of texts')
    .option(
      '-o, --output <file>',
      'the CSV file to write: a line for each row, example or picture; the folder, if masks are predicted',
    )
    .addOption(networkOption())
    .addOption(imageShapeOption())
    .addOption(normalizationOption())
    .addHelpText(
      'after',
      `
Examples:
  commonweight predict runs/v/model.safetensors shoe.png coat.jpg
  commonweight predict runs/heart/model.safetensors patients.csv -o predictions.csv
  commonweight predict runs/ecg/model.safetensors clinic.npz -o predictions.csv
  commonweight predict runs/roads/model.safetensors photos/*.jpg -o masks`,
    )
    .action(predict);
}

async function predict(path: string, files: readonly string[], flags: PredictFlags): Promise<void> {
  const { output } = flags;
  if (output !== undefined) await checkFolderOf('--output', output);
  const file = await readModelFile(path);
  if (isTableModel(file)) return predictTable(path, file, files, output);
  if (isDataModel(file) && file.description.inputs[0]?.meaning.kind === 'picture')
    return predictAnnotated(path, file, files, output);
  if (isDataModel(file)) {
    const { meaning } = file.description.inputs[0] ?? {};
    const readsTexts = meaning?.kind === 'tokens' && meaning.field !== undefined;
    return (readsTexts ? predictTexts : predictArrays)(path, file, files, output);
  }
  if (output !== undefined) {
    throw new UsageError(`--output is given, but "${path}" is a model of one class for each picture`, {
      hint: 'leave it out: the classes of pictures are printed',
    });
  }
  return predictPictures(path, file, files, flags);
}

async function predictTable(
  path: string,
  file: DescribedModelFile,
  files: readonly string[],
  output: string | undefined,
): Promise<void> {
  const table = onlyFile(path, files, 'table');
  const model = await openDataModel(path, file);
  const read = await loadRows(table, model.facts.inputs, model.settings, {
    onNotice: (notice) => void process.stderr.write(`${notice}\n`),
    paging: pagingIn(machineMemory().bytes),
  });
  try {
    const { rows, inputs, group } = read;
    await sayRows(model, inputs, rows, { target: predictedTarget(model), group }, output);
  } finally {
    closeDatasets(read);
  }
}

/** Texts, whose labels need not be there. */
async function predictTexts(
  path: string,
  file: DescribedModelFile,
  files: readonly string[],
  output: string | undefined,
): Promise<void> {
  const texts = onlyFile(path, files, 'file of texts');
  const model = await openDataModel(path, file);
  const { inputs, examples } = await loadUnlabelled(texts, model.texts as TextSpec, {
    onNotice: (notice) => void process.stderr.write(`${notice}\n`),
    paging: pagingIn(machineMemory().bytes),
  });
  try {
    await sayRows(model, inputs, examples, { target: predictedTarget(model), place: 'text' }, output);
  } finally {
    closeDatasets({ inputs });
  }
}

/** The examples of arrays, whose targets need not be there. */
async function predictArrays(
  path: string,
  file: DescribedModelFile,
  files: readonly string[],
  output: string | undefined,
): Promise<void> {
  const arrays = onlyFile(path, files, 'file of arrays');
  const model = await openDataModel(path, file);
  const { facts, task } = model;
  if (task.name === 'segmentation') {
    throw new UsageError(`"${path}" predicts a class for each place of an example, expected one or a few`, {
      hint: 'use model.onnx beside it, in any program with ONNX Runtime',
    });
  }
  const { train } = await loadArrays(arrays, arraySettingsOf({ inputs: facts.inputs, targets: [] }), {
    wanted: 'training',
    paging: pagingIn(machineMemory().bytes),
  });
  try {
    const target = predictedTarget(model);
    await sayRows(model, train.inputs, train.examples, { target, place: 'example' }, output);
  } finally {
    closeDatasets(train);
  }
}

function onlyFile(path: string, [first = '', ...others]: readonly string[], what: string): string {
  if (others.length === 0) return first;
  throw new UsageError(`${plural(1 + others.length, 'file')} are named, expected one ${what} for "${path}"`, {
    hint: 'predict one after another',
  });
}

async function sayRows(
  { network, inputs, task, state }: OpenedDataModel,
  columns: readonly Column[],
  rows: number,
  predicted: PredictedTable,
  output: string | undefined,
): Promise<void> {
  const { layout, data } = state;
  const trained = { network, layout, state: data, inputs, task };
  const predictions = predictionsIn(predictRows(trained, columns, rows, ortNode()));
  if (output === undefined) {
    for await (const first of predictions) return print(predictionsReport(predicted, first, rows));
    return;
  }
  await writeFlagFile('--output', output, predictionsCsv(predicted, predictions));
  print(`${output}: ${plural(rows, predicted.place ?? 'row')}`);
}

async function* predictionsIn(predicted: AsyncIterable<PredictedRows>): AsyncGenerator<RowPredictions> {
  for await (const { start, outputs } of predicted) {
    const values = outputs.probabilities ?? outputs.prediction;
    if (values === undefined) throw new Error('internal: a task without predictions');
    yield { start, values };
  }
}

function predictedTarget({ facts, task, data, cutOff }: OpenedDataModel): PredictedTarget {
  if (task.name === 'classification') return { kind: 'class', names: categoriesOf(facts), cutOff };
  const kind = task.name === 'multi-label' ? 'labels' : 'numbers';
  const count = sizeOf(task.output);
  // A single number needs no other name in its column.
  if (kind === 'numbers' && count === 1) return { kind, names: ['prediction'] };
  return { kind, names: namesOfPredicted(count, kind, data) };
}

/** The labels of pictures, or their masks. */
async function predictAnnotated(
  path: string,
  file: DescribedModelFile,
  images: readonly string[],
  output: string | undefined,
): Promise<void> {
  const model = await openDataModel(path, file);
  const { network, state, inputs, task, facts, imageFit, data: settings } = model;
  const [shape = []] = facts.inputs.map((column) => column.shape);
  const { channels, height, width } = inputSizeOf(shape);
  if (channels === undefined) {
    throw new UsageError(`"${path}" takes images of ${shape[0]} channels, pictures have 1 or 3`);
  }
  const annotations = annotationsOf(settings) ?? {};
  const { layout, data } = state;
  const session = await ortNode().open(exportInference({ network, layout, state: data, inputs, task }));
  const predicted = async function* (): AsyncGenerator<PredictedPicture> {
    for (const image of images) {
      const bytes = await decodePicture(image, { channels, height, width }, imageFit);
      const { probabilities } = await session.run({ images: u8Tensor(bytes, [1, ...shape]) });
      yield { file: image, probabilities: probabilities?.data as Float32Array };
    }
  };
  try {
    if (task.name === 'multi-label') {
      const names = namesOfPredicted(task.output[0] ?? 1, 'labels', settings);
      await sayLabels(predicted(), names, output);
    } else {
      const [target] = facts.targets;
      const names = target?.meaning.kind === 'categories' ? target.meaning.names : [];
      const masks = { names, values: valuesOfMasks(annotations, names), height, width, fit: imageFit };
      await sayMasks(predicted(), masks, output);
    }
  } finally {
    await session.release();
  }
}

async function sayLabels(
  predicted: AsyncIterable<PredictedPicture>,
  names: readonly string[],
  output: string | undefined,
): Promise<void> {
  const pictures: PredictedPicture[] = [];
  for await (const picture of predicted) pictures.push(picture);
  if (output === undefined) return print(labelsReport(pictures, names));
  await writeFlagFile('--output', output, new TextEncoder().encode(labelsCsv(pictures, names)));
  print(`${output}: ${plural(pictures.length, 'picture')}`);
}

/** The masks of a model, which are of one size. */
interface ModelMasks extends PictureExtent {
  readonly names: readonly string[];
  /** Of the pixels of each class, in the files. */
  readonly values: readonly number[];
  readonly fit: PictureFit;
}

/** A mask is written before the next picture is read: many of them take much memory. */
async function sayMasks(
  predicted: AsyncIterable<PredictedPicture>,
  { names, values, height, width, fit }: ModelMasks,
  output: string | undefined,
): Promise<void> {
  if (output !== undefined) await mkdir(output, { recursive: true });
  const masked: MaskedPicture[] = [];
  let count = 0;
  for await (const { file, probabilities } of predicted) {
    const mask = largest(probabilities, names.length);
    count++;
    if (output === undefined) {
      masked.push({ file, mask });
      continue;
    }
    const own = await pictureSize(file);
    const bytes = maskOfPicture(mask, { height, width }, own, fit).map((label) => values[label] ?? NO_CLASS);
    const name = `${basename(file, extname(file))}.png`;
    await writeFlagFile('--output', join(output, name), png({ ...own, channels: 1, bytes }));
  }
  if (output === undefined) return print(masksReport(masked, names));
  const legend = names.map((name, label) => `${name} ${values[label]}`).join(', ');
  print(`${output}: ${plural(count, 'mask')}, with the values ${legend}`);
}

/** The value of each class: that of the run's masks if it fits a byte, or the class's number. */
function valuesOfMasks({ masks }: AnnotationSettings, names: readonly string[]): readonly number[] {
  const declared = masks === undefined ? [] : [...maskSpec(masks).classes.entries()];
  const values = names.map((_, label) => declared.find(([, number]) => number === label)?.[0] ?? label);
  return values.every((value) => value <= NO_CLASS) ? values : names.map((_, label) => label);
}

async function predictPictures(
  path: string,
  file: ModelFile,
  images: readonly string[],
  flags: ModelFlags,
): Promise<void> {
  const opened = await openModel(path, flags, file);
  const { network, state, imageShape, imageFit, inputs, task, classNames, cutOff } = opened;
  const [channels = 1, height = 1, width = 1] = imageShape;
  if (channels !== 1 && channels !== 3) {
    throw new UsageError(`"${path}" takes images of ${channels} channels, pictures have 1 or 3`);
  }
  const { layout, data } = state;
  const model = exportInference({ network, layout, state: data, inputs, task });
  // A few pictures take a moment, so they need no thread of their own.
  const session = await ortNode().open(model);
  const rows: string[][] = [];
  try {
    for (const file of images) {
      const image = await decodePicture(file, { channels, height, width }, imageFit);
      const { probabilities } = await session.run({ images: u8Tensor(image, [1, ...imageShape]) });
      const values = probabilities?.data as Float32Array;
      const predicted = predictedClass(values, cutOff);
      const [first, second] = [...values]
        .map((probability, label) => ({ probability, label, name: classNames[label] ?? String(label) }))
        .sort(
          (a, b) =>
            Number(b.label === predicted) - Number(a.label === predicted) || b.probability - a.probability,
        )
        .map(({ name, probability }) => [name, percent(probability)]);
      rows.push([file, ...(first ?? []), ...(second === undefined ? [] : ['then', ...second])]);
    }
  } finally {
    await session.release();
  }
  process.stdout.write(`${textTable(rows, [0, 1, 3, 4]).join('\n')}\n`);
}
