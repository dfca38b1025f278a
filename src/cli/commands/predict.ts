/** `commonweight predict`: the class of pictures, or what a model says of the rows of a table. */
import type { Command } from 'commander';
import { categoriesOf } from '../../data/dataset.js';
import { decodePicture } from '../../data/images/node/open-picture.js';
import { tableSpec, targetColumns } from '../../data/tables/column-specs.js';
import { loadRows } from '../../data/tables/node/load-rows.js';
import { exportInference } from '../../engine/nn/export-inference.js';
import type { ModelFile } from '../../engine/nn/model-file.js';
import { ortNode } from '../../engine/runtime/node/ort-node.js';
import { percent, plural } from '../../report/numbers.js';
import {
  type PredictedTarget,
  predictedClass,
  predictionsCsv,
  predictionsReport,
} from '../../report/text/predictions.js';
import { textTable } from '../../report/text-table.js';
import { sizeOf } from '../../tensor/shape.js';
import { u8Tensor } from '../../tensor/tensor.js';
import { predictRows } from '../../training/predict-rows.js';
import { imageShapeOption, networkOption, normalizationOption } from '../flags/model-options.js';
import {
  type DescribedModelFile,
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
      'Name the class of each picture, with its probability, or predict each row of a table. Pictures (PNG, JPEG, WebP, GIF, TIFF, AVIF, BMP) are brought to the size and the channels of the model’s input, as in training. Fashion-MNIST shows light things on a black background. A table is a CSV or TSV file with the columns that the model has learned from.',
    )
    .argument('<model>', 'a safetensors file')
    .argument('<file...>', 'files of pictures, or one table')
    .option('-o, --output <file>', 'the CSV file to write: a line for each row of the table')
    .addOption(networkOption())
    .addOption(imageShapeOption())
    .addOption(normalizationOption())
    .addHelpText(
      'after',
      `
Examples:
  commonweight predict runs/v/model.safetensors shoe.png coat.jpg
  commonweight predict runs/heart/model.safetensors patients.csv -o predictions.csv`,
    )
    .action(predict);
}

async function predict(path: string, files: readonly string[], flags: PredictFlags): Promise<void> {
  const { output } = flags;
  if (output !== undefined) await checkFolderOf('--output', output);
  const file = await readModelFile(path);
  if (isTableModel(file)) return predictTable(path, file, files, output);
  if (output !== undefined) {
    throw new UsageError(`--output is given, but "${path}" is not a model of a table`, {
      hint: 'leave it out: the classes of pictures are printed',
    });
  }
  return predictPictures(path, file, files, flags);
}

async function predictTable(
  path: string,
  file: DescribedModelFile,
  [table = '', ...others]: readonly string[],
  output: string | undefined,
): Promise<void> {
  if (others.length > 0) {
    throw new UsageError(`${plural(1 + others.length, 'file')} are named, expected one table for "${path}"`, {
      hint: 'predict the tables one after another',
    });
  }
  const model = await openDataModel(path, file);
  const { network, inputs, task, state, facts, settings } = model;
  const onNotice = (notice: string) => void process.stderr.write(`${notice}\n`);
  const { rows, inputs: columns, group } = await loadRows(table, facts.inputs, settings, { onNotice });
  const { layout, data } = state;
  const trained = { network, layout, state: data, inputs, task };
  const { probabilities, prediction } = await predictRows(trained, columns, rows, ortNode());
  const values = probabilities ?? prediction;
  if (values === undefined) throw new Error('internal: a task of tables without predictions');
  const predictions = { rows, target: predictedTarget(model), values, group };
  if (output === undefined) return print(predictionsReport(predictions));
  await writeFlagFile('--output', output, new TextEncoder().encode(predictionsCsv(predictions)));
  print(`${output}: ${plural(rows, 'row')}`);
}

/** The names of labels and numbers are in the run's settings only. */
function predictedTarget({ facts, task, settings, cutOff }: OpenedDataModel): PredictedTarget {
  if (task.name === 'classification') return { kind: 'class', names: categoriesOf(facts), cutOff };
  const kind = task.name === 'multi-label' ? 'labels' : 'numbers';
  const count = sizeOf(task.output);
  if (kind === 'numbers' && count === 1) return { kind, names: ['prediction'] };
  const known = settings && targetColumns(tableSpec(settings).target);
  const word = kind === 'labels' ? 'label' : 'prediction';
  const numbered = Array.from({ length: count }, (_, at) => `${word} ${at + 1}`);
  return { kind, names: known?.length === count ? known : numbered };
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
