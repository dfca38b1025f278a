/**
 * Opens a model of a table, of arrays, or of pictures with labels or masks, with its network: the
 * file says what it reads and what it predicts.
 */
import { categoriesOf, type DataFacts } from '../../data/dataset.js';
import { imageShapeOf } from '../../data/images/image-dataset.js';
import type { PictureFit } from '../../data/images/picture-size.js';
import { dataSchema } from '../../data/settings.js';
import type { TableSettings } from '../../data/tables/column-specs.js';
import { readsTable } from '../../data/tables/model-columns.js';
import { modelLayoutOf, parametersOf } from '../../engine/nn/layers/network.js';
import type { ModelDescription, ModelFile } from '../../engine/nn/model-file.js';
import { type Learner, learnerOf } from '../../federation/plan/learner.js';
import type { TaskMetrics } from '../../metrics/metric.js';
import { parseConfiguration } from '../../protocol/configuration/configuration.js';
import { metricsOf } from '../../protocol/configuration/task-metrics.js';
import { arrangeState, type StateDict } from '../../tensor/state-dict.js';
import { UsageError } from '../terminal/error.js';
import { settingsOfRun } from './settings-of-run.js';

export interface OpenedDataModel extends Learner {
  /** In the order of the network's parameters; constants included. */
  readonly state: StateDict;
  readonly facts: DataFacts;
  /** The main one first. */
  readonly metrics: TaskMetrics;
  /** Of the table of the run in whose folder the model lies; undefined if it lies elsewhere. */
  readonly settings: TableSettings | undefined;
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
  const { network: model, inputs, targets, normalization, imageFit = 'stretch', cutOff } = description;
  if (model.name === 'custom') {
    throw new UsageError(`"${path}" belongs to a network that a program of its own has built`, {
      hint: 'use it from that program, or use the model.onnx beside it',
    });
  }
  const facts = { inputs, targets };
  const task = { name: taskOf(facts) };
  const configuration = parseConfiguration(
    {
      ...{ ...NOT_USED, task, ...chosen, model },
      ...(normalization && { normalization }),
      // Nothing is chosen any more, but an evaluation at the cut-off counts scores.
      ...(cutOff !== undefined && { decision: 'youden' }),
    },
    path,
  );
  const learner = learnerOf(configuration, facts, {}, path);
  const layout = modelLayoutOf(parametersOf(learner.network, learner.inputs));
  const data = dataSchema.safeParse((await settingsOfRun(path))?.data).data;
  return {
    ...learner,
    state: arrangeState(state, layout, `"${path}" is no ${model.name} for its inputs`),
    facts,
    metrics: metricsOf(configuration),
    settings: data?.kind === 'table' ? data : undefined,
    ...{ imageFit, cutOff },
  };
}

/** Nothing is trained or dealt out, but settings are not complete without these. */
const NOT_USED = {
  partition: { name: 'own', participants: 2 },
  optimizer: { name: 'sgd', learningRate: 1 },
  ...{ batchSize: 1, local: { epochs: 1 }, rounds: 1 },
};

/** A class for each example, several labels, a mask, or numbers. */
function taskOf(facts: DataFacts): string {
  if (categoriesOf(facts).length > 0) return 'classification';
  const [target] = facts.targets;
  if (target?.meaning.kind !== 'categories') return 'regression';
  return target.shape.length === 2 ? 'segmentation' : 'multi-label';
}
