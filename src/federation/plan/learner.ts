/**
 * Builds what is trained from a configuration and the facts about the data: the network with the
 * layer that prepares its inputs, and its task.
 */
import type { Complaint } from '../../base/complaint.js';
import { categoriesOf, type DataFacts } from '../../data/dataset.js';
import type { Value } from '../../engine/graph/value.js';
import { classificationOf, networkOf, numberLossOf, segmentationOf } from '../../engine/nn/by-name.js';
import { ADAPTERS, withLora } from '../../engine/nn/layers/lora.js';
import type { Network } from '../../engine/nn/layers/network.js';
import { type EmbeddingWidth, featuresOf, onFeatures } from '../../engine/nn/layers/preprocess.js';
import type { TrainedPart } from '../../engine/nn/layers/trained-part.js';
import type { ModelDescription } from '../../engine/nn/model-file.js';
import { onPixels } from '../../engine/nn/models/normalize-pixels.js';
import { networkOfFile } from '../../engine/nn/network-of-file.js';
import { networkNames, type OnnxSettings } from '../../engine/nn/settings.js';
import { withLossConstants } from '../../engine/nn/tasks/balanced-loss.js';
import { classWeightsProblem } from '../../engine/nn/tasks/class-losses.js';
import { multiLabel } from '../../engine/nn/tasks/multi-label.js';
import { regression } from '../../engine/nn/tasks/regression.js';
import type { Task } from '../../engine/nn/tasks/task.js';
import { classMetricsProblem, decisionProblem } from '../../metrics/known-metrics.js';
import type { TaskMetrics } from '../../metrics/metric.js';
import {
  type Configuration,
  ConfigurationError,
  parseConfiguration,
} from '../../protocol/configuration/configuration.js';
import { metricsOf } from '../../protocol/configuration/task-metrics.js';
import { type ColumnSpec, describeColumn, specOf } from '../../tensor/column-spec.js';
import { formatShape } from '../../tensor/shape.js';

export interface Learner extends TrainedPart {
  readonly network: Network;
  /** The network of the final model, into which adapters are merged; else the same. */
  readonly finalNetwork: Network;
  readonly inputs: readonly ColumnSpec[];
  readonly task: Task;
}

/** What a program passes itself: the meaning of `{ name: 'custom' }` in the configuration. */
export interface OwnLearner {
  readonly network?: Network | undefined;
  readonly task?: Task | undefined;
}

/**
 * @param source the name of the configuration in errors
 * @throws ConfigurationError when the network or task is unknown, or does not fit the data
 */
export function learnerOf(
  configuration: Configuration,
  facts: DataFacts,
  brought: OwnLearner,
  source: string,
): Learner {
  const { inputs, task: plain } = sidesOf(configuration, facts, brought.task, source);
  const { network, fixed = [], outputs } = networkFor(configuration, facts, brought.network, plain, source);
  // Beside the task's own outputs, an exported model has that of the file.
  const task =
    outputs === undefined
      ? plain
      : { ...plain, outputs: (scores: Value) => ({ ...plain.outputs?.(scores), ...outputs(scores) }) };
  const finalNetwork = onInputs(withLossConstants(network, task), configuration, facts, source);
  const { lora, train } = configuration;
  const freeze = fixed.length === 0 ? configuration.freeze : [...(configuration.freeze ?? []), ...fixed];
  if (lora === undefined) return { network: finalNetwork, finalNetwork, inputs, task, train, freeze };
  const trained = { train: [...(train ?? []), ...ADAPTERS], freeze };
  return { network: withLora(finalNetwork, lora), finalNetwork, inputs, task, ...trained };
}

/** The network with the layer that prepares such inputs, where they need one. */
function onInputs(network: Network, configuration: Configuration, facts: DataFacts, source: string): Network {
  const [first] = facts.inputs;
  const embeddings = embeddingsOf(configuration, facts, source);
  if (facts.inputs.some(featuresOf)) return onFeatures(network, facts.inputs, embeddings);
  if (first?.meaning.kind !== 'picture') return network;
  const { normalization } = configuration;
  checkNormalization(normalization, first.shape[0] ?? 1, source);
  return onPixels(network, normalization);
}

/**
 * What a model's file says of itself → its network and task. The network is one of this package.
 * @param chosen settings of the task beside it, such as metrics
 * @throws ConfigurationError when the settings do not fit
 */
export function learnerOfModel(
  { network: model, inputs, targets, normalization }: ModelDescription,
  source: string,
  chosen: Readonly<Record<string, unknown>> = {},
): Learner & { readonly metrics: TaskMetrics } {
  const facts = { inputs, targets };
  const task = { name: taskOf(facts) };
  const given = { ...NOT_USED, task, ...(normalization && { normalization }), ...chosen, model };
  const configuration = parseConfiguration(given, source);
  return { ...learnerOf(configuration, facts, {}, source), metrics: metricsOf(configuration) };
}

/** Nothing is trained or dealt out, but settings are not complete without these. */
const NOT_USED = {
  partition: { name: 'own', participants: 2 },
  optimizer: { name: 'sgd', learningRate: 1 },
  ...{ batchSize: 1, local: { epochs: 1 }, rounds: 1 },
};

/** A category for each example, several labels, a mask, or numbers. */
function taskOf(facts: DataFacts): string {
  if (categoriesOf(facts).length > 0) return 'classification';
  const [target] = facts.targets;
  if (target?.meaning.kind !== 'categories') return 'regression';
  return target.shape.length === 2 ? 'segmentation' : 'multi-label';
}

/** The inputs and targets of a network. */
export function sidesOf(
  configuration: Configuration,
  facts: DataFacts,
  own: Task | undefined,
  source: string,
): Pick<Learner, 'inputs' | 'task'> {
  const task = taskFor(configuration, facts, own, source);
  const listed = (columns: readonly ColumnSpec[]) => columns.map(describeColumn).join(', ') || 'nothing';
  const [got, expected] = [listed(facts.targets), listed(task.targets)];
  if (got !== expected) {
    throw new ConfigurationError(
      `${source}: the task "${task.name}" is about ${expected}, but the data have the targets ${got}`,
    );
  }
  return { inputs: facts.inputs.map(specOf), task };
}

function taskFor(
  { task, loss, metrics, decision }: Configuration,
  facts: DataFacts,
  own: Task | undefined,
  source: string,
): Task {
  if (own !== undefined && task.name !== 'custom') {
    throw new ConfigurationError(`${source}: a task is given, but "task.name" is "${task.name}"`, {
      hint: 'leave one of both out',
    });
  }
  const [target] = facts.targets;
  const expected = (what: string) =>
    new ConfigurationError(
      `${source}: "task" is "${task.name}", but the data have ${target === undefined ? 'no target' : `the target ${describeColumn(target)} of ${target.meaning.kind}`}, expected ${what}`,
      { hint: 'set "task" to what the data are about' },
    );
  refuse(balanceProblem(task.name, loss), source);
  switch (task.name) {
    case 'classification': {
      const categories = categoriesOf(facts).length;
      if (target === undefined || categories === 0) throw expected('categories, one for each example');
      refuse(
        classMetricsProblem(metrics, categories) ??
          classWeightsProblem(loss, categories) ??
          decisionProblem(decision, categories),
        source,
      );
      const isScored = decision !== undefined;
      const { targets, ...others } = classificationOf(loss, categories, metrics, isScored);
      return { ...others, targets: targets.map((one) => ({ ...one, name: target.name })) };
    }
    case 'multi-label': {
      const [labels, ...others] = target?.shape ?? [];
      const twoValues = target?.meaning.kind !== 'categories' || target.meaning.names.length === 2;
      if (target?.dtype !== 'i32' || labels === undefined || others.length > 0 || !twoValues) {
        throw expected('0 or 1 for each label, i32[labels]');
      }
      refuse(classMetricsProblem(metrics, labels), source);
      return multiLabel({ target: { name: target.name, labels }, metrics });
    }
    case 'segmentation': {
      const [height, width, ...others] = target?.shape ?? [];
      const names = target?.meaning.kind === 'categories' ? target.meaning.names : [];
      if (target === undefined || height === undefined || width === undefined || others.length > 0) {
        throw expected('a mask, i32[height,width]');
      }
      if (names.length < 2) throw expected('a mask of two categories or more');
      refuse(classWeightsProblem(loss, names.length), source);
      return segmentationOf(loss, { name: target.name, shape: [height, width] }, names.length, metrics);
    }
    case 'regression':
      if (target?.meaning.kind !== 'number' || target.dtype !== 'f32') throw expected('numbers, f32');
      return regression({ target, unit: task.unit, metrics, loss: numberLossOf(loss) });
    case 'custom':
      if (own !== undefined) return own;
      throw new ConfigurationError(`${source}: "task.name" is "custom", but no task is given`, {
        hint: 'pass `task`, or name one of classification, multi-label, segmentation, regression',
      });
  }
}

/** Categories are counted where each example has one. */
function balanceProblem(task: string, loss: Configuration['loss']): Complaint | undefined {
  const isBalanced = 'classWeights' in loss && loss.classWeights === 'balanced';
  if (!isBalanced || task === 'classification' || task === 'custom') return undefined;
  return {
    message: `"loss.classWeights" is "balanced", but the task is "${task}", expected classification`,
    hint: task === 'segmentation' ? 'give the weights as numbers' : 'leave it out',
  };
}

/** @throws ConfigurationError when the problem is one. */
function refuse(problem: Complaint | undefined, source: string): void {
  if (problem === undefined) return;
  const { message, hint } = problem;
  throw new ConfigurationError(`${source}: ${message}`, hint === undefined ? {} : { hint });
}

function networkFor(
  { model }: Configuration,
  facts: DataFacts,
  own: Network | undefined,
  { name, output }: Task,
  source: string,
): Chosen {
  if (model.name !== 'custom') {
    const [outputs, ...others] = output;
    const isMap = model.name === 'unet';
    const isOfFile = model.name === 'onnx';
    if (outputs === undefined || (others.length !== (isMap ? 2 : 0) && !isOfFile)) {
      const gives = isMap ? 'a map of scores' : 'a vector';
      const hint = others.length === 2 ? 'take unet' : isMap ? 'take resnet8' : undefined;
      throw new ConfigurationError(
        `${source}: "model.name" is "${model.name}", which gives ${gives}, but the task "${name}" is about ${formatShape(output)}`,
        {
          hint: `${hint === undefined ? '' : `${hint}, or `}pass a network of your own, with "model" { name: "custom" }`,
        },
      );
    }
    if (own === undefined && isOfFile) return networkFromFile(model, outputs, facts);
    if (!isOfFile) checkNetwork(model.name, name, facts, source);
    if (own === undefined) return { network: networkOf(model, outputs, tokensOf(facts)) };
    throw new ConfigurationError(`${source}: a network is given, but "model.name" is "${model.name}"`, {
      hint: 'set "model" to { name: "custom" }, or leave the network out',
    });
  }
  if (own === undefined) {
    throw new ConfigurationError(`${source}: "model.name" is "custom", but no network is given`, {
      hint: `pass \`network\`, or name one of ${networkNames.join(', ')}`,
    });
  }
  return { network: own };
}

interface Chosen {
  readonly network: Network;
  /** Tensors that are no constants, but that its module does not train. */
  readonly fixed?: readonly string[];
  /** What its file gives for scores, by name. */
  readonly outputs?: (scores: Value) => Readonly<Record<string, Value>>;
}

function networkFromFile(model: OnnxSettings, outputs: number, { inputs }: DataFacts): Chosen {
  // Features become one input of the network.
  const columns = inputs.some(featuresOf) ? [] : inputs.map(({ name }) => name);
  const file = networkOfFile(model, outputs, columns);
  return { network: file.network, fixed: file.buffers, outputs: file.outputs };
}

const READS_NUMBERS = 'mlp, logistic-regression, linear-regression or tabular-resnet';

/** What the network knows of a text: the column is [length], of tokens. */
function tokensOf({ inputs: [first, ...others] }: DataFacts) {
  const isText = first?.meaning.kind === 'tokens' && first.shape.length === 1 && others.length === 0;
  return isText ? first.meaning : undefined;
}

/** @throws ConfigurationError when a network cannot read such data, or is not for such a task */
function checkNetwork(name: string, task: string, facts: DataFacts, source: string): void {
  const { inputs } = facts;
  const [first] = inputs;
  const readsTexts = /^(bag-of-embeddings|transformer)$/.test(name);
  if (readsTexts !== (tokensOf(facts) !== undefined)) {
    throw new ConfigurationError(
      `${source}: "model.name" is "${name}", which ${readsTexts ? 'reads' : 'does not read'} the tokens of texts, but the data have ${inputs.map(describeColumn).join(', ')}`,
      { hint: `take ${readsTexts ? READS_NUMBERS : 'bag-of-embeddings or transformer'}` },
    );
  }
  if (/^(paper-cnn|lenet5|resnet8|unet)$/.test(name) && first?.shape.length !== 3) {
    throw new ConfigurationError(
      `${source}: "model.name" is "${name}", which reads pictures, but the data have ${inputs.map(describeColumn).join(', ')}`,
      { hint: `take ${READS_NUMBERS}; cnn1d for signals` },
    );
  }
  const isForNumbers = name === 'linear-regression';
  if ((isForNumbers || name === 'logistic-regression') && isForNumbers !== (task === 'regression')) {
    throw new ConfigurationError(`${source}: "model.name" is "${name}", but the task is "${task}"`, {
      hint: `take ${isForNumbers ? 'logistic-regression for categories' : 'linear-regression for numbers'}`,
    });
  }
}

/** @throws ConfigurationError when they are set, but the data have no categories of a table */
function embeddingsOf({ model }: Configuration, facts: DataFacts, source: string): EmbeddingWidth {
  const embeddings = 'embeddings' in model ? model.embeddings : undefined;
  const hasCategories = facts.inputs.some((column) => featuresOf(column)?.[0]?.kind === 'category');
  if (embeddings === undefined || hasCategories) return embeddings;
  throw new ConfigurationError(
    `${source}: "model.embeddings" is ${embeddings}, but the data have no categories of a table`,
    { hint: 'leave it out' },
  );
}

/**
 * @throws ConfigurationError when the normalization has another number of channels than the
 * pictures.
 */
function checkNormalization(
  normalization: Configuration['normalization'],
  channels: number,
  source: string,
): void {
  for (const [name, numbers] of Object.entries(normalization)) {
    if (numbers.length === 1 || numbers.length === channels) continue;
    throw new ConfigurationError(
      `${source}: "normalization.${name}" has ${numbers.length} numbers, expected one, or one for each of the ${channels} channels of the pictures`,
    );
  }
}
