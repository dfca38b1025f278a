/** Tries a model on pictures: a file, a drawing, or an example of the participant's own. */

import { classCounts } from '../../../../data/class-counts.js';
import { pictureShapeOf } from '../../../../data/images/image-dataset.js';
import { decodePicture } from '../../../../data/images/page/page-pictures.js';
import type { PictureFit } from '../../../../data/images/picture-size.js';
import type { DataSettings } from '../../../../data/settings.js';
import type { ModelDescription } from '../../../../engine/nn/model-file.js';
import { FederationError } from '../../../../federation/error.js';
import { namesOfPredicted } from '../../../../protocol/configuration/learned-names.js';
import { largest } from '../../../../report/text/predicted-pictures.js';
import { u8Tensor } from '../../../../tensor/tensor.js';
import type { PictureTrial, Prediction } from '../../state/messages.js';
import { shadesOf, type Trying } from './trying.js';

/**
 * Undefined if it is not a model of pictures with classes, labels or masks.
 * @param settings they name labels, where they are known
 */
export function triedPictures(
  description: ModelDescription,
  settings: DataSettings | undefined,
): Trying<PictureTrial> | undefined {
  const imageShape = pictureShapeOf(description);
  const answer = imageShape && answerOf(description, settings);
  const [input] = description.inputs;
  if (imageShape === undefined || answer === undefined || input === undefined) return undefined;
  return {
    facts: { kind: 'picture', imageShape, ...answer },
    ...(answer.answer === 'mask' && { answer: (values) => maskAnswer(values, answer.names.length) }),
    async feeds(example, data) {
      const pixels =
        'file' in example
          ? await pixelsOf(example.file, imageShape, description.imageFit)
          : 'sample' in example && data?.shown.kind === 'pictures'
            ? data.shown.samples[example.sample]?.pixels.slice()
            : undefined;
      if (pixels === undefined) throw new Error('internal: there is no such picture');
      return { feeds: { [input.name]: u8Tensor(pixels, [1, ...imageShape]) }, pixels };
    },
  };
}

function answerOf(
  description: ModelDescription,
  settings: DataSettings | undefined,
): Pick<PictureTrial, 'answer' | 'names'> | undefined {
  const [target, ...others] = description.targets;
  if (target?.meaning.kind !== 'categories' || others.length > 0) return undefined;
  const { shape, meaning } = target;
  if (shape.length === 0) return { answer: 'classes', names: meaning.names };
  if (shape.length === 2) return { answer: 'mask', names: meaning.names };
  const [count = 0] = shape;
  return { answer: 'labels', names: namesOfPredicted(count, 'labels', settings) };
}

/** @param values [classes, height, width], the probabilities of each pixel */
function maskAnswer(values: Float32Array, classes: number): Pick<Prediction, 'values' | 'mask'> {
  const mask = largest(values, classes);
  const counts = classCounts(mask, classes);
  return { values: Array.from(counts, (count) => count / mask.length), mask: shadesOf(mask, classes) };
}

function pixelsOf(
  file: File,
  [channels, height, width]: PictureTrial['imageShape'],
  fit: PictureFit | undefined,
): Promise<Uint8Array> {
  if (channels !== 1 && channels !== 3) {
    throw new FederationError(`a picture has 1 or 3 channels, and this network takes ${channels}`, {
      hint: 'try it on one of your own examples',
    });
  }
  return decodePicture({ path: file.name, file }, { channels, height, width }, fit);
}
