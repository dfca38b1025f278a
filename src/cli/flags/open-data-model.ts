/**
 * Opens a model of a table, of arrays, of texts, or of pictures with labels or masks, with its
 * network: the file says what it reads and what it predicts.
 */
import type { DataFacts } from '../../data/dataset.js';
import { imageShapeOf } from '../../data/images/image-dataset.js';
import type { PictureFit } from '../../data/images/picture-size.js';
import { type DataSettings, dataSchema } from '../../data/settings.js';
import type { TableSettings } from '../../data/tables/column-specs.js';
import { readsTable } from '../../data/tables/model-columns.js';
import { specOfModel, type TextSpec } from '../../data/text/text-spec.js';
import { modelLayoutOf, parametersOf } from '../../engine/nn/layers/network.js';
import type { ModelDescription, ModelFile } from '../../engine/nn/model-file.js';
import { type Learner, learnerOfModel } from '../../federation/plan/learner.js';
import type { TaskMetrics } from '../../metrics/metric.js';
import { arrangeState, type StateDict } from '../../tensor/state-dict.js';
import { UsageError } from '../terminal/error.js';
import { settingsOfRun } from './settings-of-run.js';
import { tokenizerOfModel } from './tokenizer-of-model.js';

export interface OpenedDataModel extends Learner {
  /** In the order of the network's parameters; constants included. */
  readonly state: StateDict;
  readonly facts: DataFacts;
  /** The main one first. */
  readonly metrics: TaskMetrics;
  /** Of the data of the run in whose folder the model lies; undefined if it lies elsewhere. */
  readonly data: DataSettings | undefined;
  /** The same where they are a table's. */
  readonly settings: TableSettings | undefined;
  /** What it reads of texts; undefined if it reads something else. */
  readonly texts: TextSpec | undefined;
  /** How pictures come to the size of its input. */
  readonly imageFit: PictureFit;
  /** The probability from which on the second of two classes is predicted, if the file says one. */
  readonly cutOff: number | undefined;
}

export interface DescribedModelFile extends ModelFile {
  readonly description: ModelDescription;
}

export const isDescribed = (file: ModelFile): file is DescribedModelFile => file.description !== undefined;

export const isTableModel = (file: ModelFile): file is DescribedModelFile =>
  isDescribed(file) && readsTable(file.description.inputs);

/** Whether it is of other data than pictures with classes. */
export const isDataModel = (file: ModelFile): file is DescribedModelFile =>
  isDescribed(file) && imageShapeOf(file.description) === undefined;

/**
 * @param chosen settings of the task beside what the file says, such as metrics
 * @throws UsageError when a program has built the network; ConfigurationError when the settings do
 * not fit
 */
export async function openDataModel(
  path: string,
  { state, description }: DescribedModelFile,
  chosen: Readonly<Record<string, unknown>> = {},
): Promise<OpenedDataModel> {
  const { network: model, inputs, targets, imageFit = 'stretch', cutOff } = description;
  if (model.name === 'custom') {
    throw new UsageError(`"${path}" belongs to a network that a program of its own has built`, {
      hint: 'use it from that program, or use the model.onnx beside it',
    });
  }
  // Nothing is chosen any more, but an evaluation at the cut-off counts scores.
  const deciding = cutOff !== undefined && { decision: 'youden' };
  const learner = learnerOfModel(description, path, { ...chosen, ...deciding });
  const layout = modelLayoutOf(parametersOf(learner.network, learner.inputs));
  const data = dataSchema.safeParse((await settingsOfRun(path))?.data).data;
  const tokenizer = await tokenizerOfModel(path, { inputs, targets }, data);
  return {
    ...learner,
    state: arrangeState(state, layout, `"${path}" is no ${model.name} for its inputs`),
    facts: { inputs, targets },
    data,
    settings: data?.kind === 'table' ? data : undefined,
    texts: specOfModel({ inputs, targets }, data, tokenizer),
    ...{ imageFit, cutOff },
  };
}
