/** Tries a model on pictures: a file, a drawing, or an example of the participant's own. */
import { categoriesOf } from '../../../data/dataset.js';
import { imageShapeOf } from '../../../data/images/image-dataset.js';
import { decodePicture } from '../../../data/images/page/page-pictures.js';
import type { PictureFit } from '../../../data/images/picture-size.js';
import type { ModelDescription } from '../../../engine/nn/model-file.js';
import { FederationError } from '../../../federation/error.js';
import { u8Tensor } from '../../../tensor/tensor.js';
import type { PictureTrial } from '../state/messages.js';
import type { Trying } from './trying.js';

/** Undefined if it is not a model of pictures with classes. */
export function triedPictures(description: ModelDescription): Trying<PictureTrial> | undefined {
  const imageShape = imageShapeOf(description);
  const [input] = description.inputs;
  if (imageShape === undefined || input === undefined) return undefined;
  return {
    facts: { kind: 'picture', classNames: categoriesOf(description), imageShape },
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
