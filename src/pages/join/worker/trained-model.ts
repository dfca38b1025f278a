/**
 * The merged model in a page: its facts, its files for other programs, and its answer for a
 * picture.
 */

import { categoriesOf } from '../../../data/dataset.js';
import { imageShapeOf } from '../../../data/images/image-dataset.js';
import type { PictureFit } from '../../../data/images/picture-size.js';
import { networkOf } from '../../../engine/nn/by-name.js';
import { exportInference } from '../../../engine/nn/export-inference.js';
import { layoutOf, parametersOf } from '../../../engine/nn/layers/network.js';
import { decodeModel, ModelFileError, requireFinite } from '../../../engine/nn/model-file.js';
import { onPixels, pixels } from '../../../engine/nn/models/normalize-pixels.js';
import { classification } from '../../../engine/nn/tasks/classification.js';
import type { Runtime, Session } from '../../../engine/runtime/runtime.js';
import { arrangeState, layoutSize } from '../../../tensor/state-dict.js';
import { u8Tensor } from '../../../tensor/tensor.js';
import type { ModelFacts, ModelFormat } from '../state/messages.js';

export interface TrainedModel {
  readonly facts: ModelFacts;
  /** How a picture of another shape comes to that of the model. */
  readonly fit: PictureFit | undefined;
  /** The same bytes as in a run folder. */
  fileOf(format: ModelFormat): Uint8Array<ArrayBuffer>;
  /** The probabilities by class. @param picture [C,H,W], bytes */
  predict(picture: Uint8Array): Promise<readonly number[]>;
}

/** @throws CommonweightError when the file is not a model that this page knows */
export function trainedModel(
  safetensors: Uint8Array<ArrayBuffer>,
  openRuntime: () => Promise<Runtime>,
): TrainedModel {
  const source = 'the merged model';
  const { state, description } = decodeModel(safetensors, source);
  requireFinite(state, source);
  if (description === undefined || description.network.name === 'custom') {
    throw new ModelFileError(`${source} does not say which network it is of`);
  }
  const { normalization } = description;
  const imageShape = imageShapeOf(description);
  const classNames = categoriesOf(description);
  if (imageShape === undefined) throw new ModelFileError(`${source} is not one of images with classes`);
  const network = onPixels(networkOf(description.network, classNames.length), normalization);
  const inputs = [pixels(imageShape)];
  const task = classification({ classes: classNames.length });
  const layout = layoutOf(parametersOf(network, inputs));
  const { data } = arrangeState(state, layout, source);
  let onnx: Uint8Array<ArrayBuffer> | undefined;
  const exported = () => {
    onnx ??= Uint8Array.from(exportInference({ network, layout, state: data, inputs, task }));
    return onnx;
  };
  let session: Promise<Session> | undefined;
  return {
    facts: { classNames, imageShape, parameters: layoutSize(layout) },
    fit: description.imageFit,
    fileOf: (format) => (format === 'onnx' ? exported() : safetensors),
    async predict(picture) {
      session ??= openRuntime().then((runtime) => runtime.open(exported()));
      const images = u8Tensor(picture, [1, ...imageShape]);
      const { probabilities } = await (await session).run({ images });
      return Array.from(probabilities?.data ?? []);
    },
  };
}
