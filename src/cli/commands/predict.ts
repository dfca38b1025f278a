/** `commonweight predict`: the class of pictures. */
import type { Command } from 'commander';
import { decodePicture } from '../../data/images/node/open-picture.js';
import { exportInference } from '../../engine/nn/export-inference.js';
import { ortNode } from '../../engine/runtime/node/ort-node.js';
import { percent } from '../../report/numbers.js';
import { textTable } from '../../report/text-table.js';
import { u8Tensor } from '../../tensor/tensor.js';
import { imageShapeOption, networkOption, normalizationOption } from '../flags/model-options.js';
import { type ModelFlags, openModel } from '../flags/open-model.js';
import { UsageError } from '../terminal/error.js';

export function addPredict(program: Command): void {
  program
    .command('predict')
    .description(
      'Name the class of each picture, with its probability. Pictures (PNG, JPEG, WebP, GIF, TIFF, AVIF, BMP) are brought to the size and the channels of the model’s input, as in training. Fashion-MNIST shows light things on a black background.',
    )
    .argument('<model>', 'a safetensors file')
    .argument('<image...>', 'files of pictures')
    .addOption(networkOption())
    .addOption(imageShapeOption())
    .addOption(normalizationOption())
    .addHelpText('after', '\nExample:\n  commonweight predict runs/v/model.safetensors shoe.png coat.jpg')
    .action(predict);
}

async function predict(path: string, images: readonly string[], flags: ModelFlags): Promise<void> {
  const { network, state, imageShape, imageFit, inputs, task, classNames } = await openModel(path, flags);
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
      const [first, second] = [...(probabilities?.data ?? [])]
        .map((probability, label) => ({ probability, name: classNames[label] ?? String(label) }))
        .sort((a, b) => b.probability - a.probability)
        .map(({ name, probability }) => [name, percent(probability)]);
      rows.push([file, ...(first ?? []), ...(second === undefined ? [] : ['then', ...second])]);
    }
  } finally {
    await session.release();
  }
  process.stdout.write(`${textTable(rows, [0, 1, 3, 4]).join('\n')}\n`);
}
