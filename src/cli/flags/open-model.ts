/**
 * Opens a model file with its network. The file says which network it has; if it does not, flags
 * do.
 */
import { categoriesOf } from '../../data/dataset.js';
import { imageShapeOf } from '../../data/images/image-dataset.js';
import type { PictureFit } from '../../data/images/picture-size.js';
import { networkOf } from '../../engine/nn/by-name.js';
import { layoutOf, type Network, parametersOf } from '../../engine/nn/layers/network.js';
import { describedBy, type ModelFile, requireFinite } from '../../engine/nn/model-file.js';
import { type Normalization, onPixels, pixels } from '../../engine/nn/models/normalize-pixels.js';
import { networkNames } from '../../engine/nn/settings.js';
import { classification } from '../../engine/nn/tasks/classification.js';
import type { Task } from '../../engine/nn/tasks/task.js';
import type { ColumnSpec } from '../../tensor/column-spec.js';
import type { Shape } from '../../tensor/shape.js';
import { layoutDifference, type StateDict } from '../../tensor/state-dict.js';
import { fitState, renamed } from '../../tensor/weights/fit-state.js';
import { readWeights } from '../../tensor/weights/node/read-weights.js';
import { UsageError } from '../terminal/error.js';
import type { NetworkChoice } from './network-flag.js';

export interface OpenedModel {
  readonly network: Network;
  /** In the order of the network's parameters. */
  readonly state: StateDict;
  /** [C,H,W]. */
  readonly imageShape: Shape;
  readonly task: Task;
  /** The network's inputs: images of that shape. */
  readonly inputs: readonly ColumnSpec[];
  readonly classNames: readonly string[];
  /** How pictures of another shape come to that one. */
  readonly imageFit: PictureFit;
  /** The data set that it was trained on, if the file says it. */
  readonly dataset: string | undefined;
  /** The probability from which on the second of two classes is predicted, if the file says one. */
  readonly cutOff: number | undefined;
}

/** Facts for files that do not contain them. */
export interface ModelFlags {
  readonly network?: NetworkChoice | undefined;
  readonly imageShape?: Shape | undefined;
  readonly normalization?: Normalization | undefined;
}

/**
 * A whole model, not the shared part of one, of any file of weights.
 * @throws UsageError when it is a part of one, and as `readWeights` does
 */
export async function readModelFile(path: string): Promise<ModelFile> {
  const { state, metadata } = await readWeights(path);
  const description = describedBy(metadata, path);
  requireFinite(state, path);
  if (description?.share !== undefined || description?.statistics !== undefined) {
    const { share } = description;
    throw new UsageError(
      share === undefined
        ? `"${path}" lacks the statistics that prepare the numbers of a row, expected a whole model: each site has its own`
        : `"${path}" has the shared tensors only (${share.join(', ')}), expected a whole model: the others stay with their owners`,
      {
        hint: 'take one of the folder "personal" beside it, or the model.safetensors of a participant’s folder',
      },
    );
  }
  return { state, description };
}

/** @param file what `readModelFile` has read of it */
export async function openModel(path: string, flags: ModelFlags, file?: ModelFile): Promise<OpenedModel> {
  const { state, description } = file ?? (await readModelFile(path));
  const choice = flags.network ?? description?.network;
  if (choice === undefined) {
    throw new UsageError(`"${path}" does not say which network its weights belong to`, {
      hint: `name it with --network: ${networkNames.join(', ')}`,
    });
  }
  if (choice.name === 'custom') {
    throw new UsageError(`"${path}" belongs to a network that a program of its own has built`, {
      hint: 'use it from that program, or use the model.onnx beside it',
    });
  }
  if (description !== undefined && imageShapeOf(description) === undefined) {
    throw new UsageError(`"${path}" is a model of other data than images with classes`, {
      hint: 'use it from a program, or take the model.onnx beside it',
    });
  }
  const imageShape = flags.imageShape ?? (description && imageShapeOf(description)) ?? [1, 28, 28];
  const classNames =
    (description && categoriesOf(description)) ??
    Array.from({ length: classesOf(state, choice, imageShape) }, (_, label) => String(label));
  const normalization = flags.normalization ?? description?.normalization;
  const network = onPixels(networkOf(choice, classNames.length), normalization);
  const inputs = [pixels(imageShape)];
  const layout = layoutOf(parametersOf(network, inputs));
  return {
    network,
    state: fitState(state, layout, `"${path}" is no ${choice.name} for images of ${imageShape.join('x')}`),
    imageShape,
    inputs,
    task: classification({ classes: classNames.length }),
    classNames,
    imageFit: description?.imageFit ?? 'stretch',
    dataset: description?.dataset,
    cutOff: description?.cutOff,
  };
}

/**
 * The number of classes for which the network has the tensors of the file. One of its vectors has
 * that length.
 */
function classesOf(state: StateDict, choice: NetworkChoice, imageShape: Shape): number {
  const lengths = state.layout.filter(({ shape }) => shape.length === 1).map(({ size }) => size);
  const fits = (classes: number) => {
    const network = onPixels(networkOf(choice, classes));
    const layout = layoutOf(parametersOf(network, [pixels(imageShape)]));
    return layoutDifference(renamed(state, layout).layout, layout) === undefined;
  };
  return lengths.find(fits) ?? lengths.at(-1) ?? 10;
}
