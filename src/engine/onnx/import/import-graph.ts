/**
 * The graph of another program as a function on our values: its nodes are run in their order, with
 * a batch of a known size. So shapes are known numbers, and what only computes shapes folds away.
 */
import { CommonweightError } from '../../../base/error.js';
import { roleOf } from '../../../tensor/roles.js';
import { formatShape, sizeOf } from '../../../tensor/shape.js';
import type { Value } from '../../graph/value.js';
import { type End, makersOf } from './cut-end.js';
import {
  type ForeignModel,
  type ForeignNode,
  type ForeignTensor,
  quotedText,
  refuseNode,
} from './file/foreign-model.js';
import { OnnxError } from './file/read-message.js';
import { callOf, type ImportSurroundings, MOST_WORK } from './rules/call.js';
import {
  type ForeignValue,
  floatsOf,
  folded,
  isKnown,
  known,
  type NumberKind,
  shapeOf,
  traced,
} from './rules/foreign-value.js';
import { IMPORTED, type ImportedOperator, importRules } from './rules/rules.js';

export interface ImportedGraph {
  /** In the file's order: those that the end depends on. */
  readonly nodes: readonly ForeignNode[];
  /** What is trained, in the file's order, without the running statistics of batch norm. */
  readonly weights: readonly ForeignTensor[];
  /** Running means and variances of batch norm, in the file's order. */
  readonly statistics: readonly ForeignTensor[];
  /** Names of weights that were made up by an exporter, since it computed them. */
  readonly unnamed: readonly string[];
  readonly end: End;
  /** @param inputs by their names in the file */
  run(
    inputs: ReadonlyMap<string, Value>,
    weights: ReadonlyMap<string, Value>,
    surroundings: Omit<ImportSurroundings, 'opset' | 'work'>,
  ): Value;
  /** What the file gives for these scores: with the operators that were cut off its end. */
  restored(scores: Value): Value;
}

const LARGEST = 2 ** 31;
/** How many numbers all constants may hold together; weights may have more. */
const MOST_CONSTANT = 2 ** 22;

/** @throws OnnxError that names the first node that cannot be taken, and what to export instead */
export function importGraph(model: ForeignModel, end: End, what: string): ImportedGraph {
  const nodes = reachableNodes(model, end.value, what);
  for (const node of nodes) requireTaken(node);
  const used = new Set(nodes.flatMap(({ inputs }) => inputs));
  used.add(end.value);
  const tensors = [...model.tensors.values()].filter(({ name }) => used.has(name));
  const statistics = statisticsAmong(nodes, model.tensors);
  const learned = learnedOperands(nodes);
  const weights = tensors.filter((tensor) => !statistics.has(tensor.name) && isWeight(tensor, learned));
  const named = new Set([...weights.map(({ name }) => name), ...statistics]);
  const constants = constantsAmong(tensors.filter(({ name }) => !named.has(name)));
  return {
    nodes,
    weights,
    statistics: tensors.filter(({ name }) => statistics.has(name)),
    unnamed: weights.map(({ name }) => name).filter((name) => MADE_UP.test(name)),
    end,
    restored: (scores) => restoredEnd(scores, end, model),
    run: (inputs, values, surroundings) =>
      runNodes(
        nodes,
        end,
        new Map([...constants, ...tracedInputs(model, inputs), ...tracedWeights(values)]),
        {
          ...surroundings,
          opset: model.opset,
          work: { left: MOST_WORK },
        },
      ),
  };
}

/** Operators that only make maps of names of numbers, or change nothing of probabilities. */
const isLeftOut = ({ operator }: ForeignNode) => !Object.hasOwn(IMPORTED, operator);

function restoredEnd(scores: Value, end: End, { opset, tensors }: ForeignModel): Value {
  let value: ForeignValue = traced(scores);
  for (const node of end.cut) {
    if (isLeftOut(node)) continue;
    const others = node.inputs.slice(1).map((name) => {
      const tensor = tensors.get(name);
      return tensor === undefined || tensor.kind === 'text' ? undefined : constantOf(tensor, tensor.kind);
    });
    const operands = [value, ...others];
    const surroundings = { opset, work: { left: MOST_WORK }, keys: undefined, nextStream: () => 0 };
    const batchNorm = () => refuseNode(node, 'is no end of a network');
    value = ruleOf(node, () => {
      const call = callOf(node, operands, { ...surroundings, batchNorm });
      return importRules[node.operator as ImportedOperator](call) as ForeignValue;
    });
  }
  return isKnown(value) ? scores : value.value;
}

/** The nodes that a value depends on; each reads what came before it, so there is no cycle. */
function reachableNodes(model: ForeignModel, value: string, what: string): readonly ForeignNode[] {
  const given = new Set([...model.tensors.keys(), ...model.inputs.map(({ name }) => name), '']);
  const makers = makersOf(model.nodes);
  if (!given.has(value) && !makers.has(value)) {
    throw new OnnxError(`onnx: no node of ${what} gives its output ${quotedText(value)}`);
  }
  const needed = new Set([value]);
  const open = [value];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    for (const input of makers.get(name)?.inputs ?? []) {
      if (needed.has(input)) continue;
      needed.add(input);
      open.push(input);
    }
  }
  const nodes = model.nodes.filter(({ outputs }) => outputs.some((name) => name !== '' && needed.has(name)));
  for (const node of nodes) {
    const early = node.inputs.find((input) => !given.has(input));
    if (early !== undefined) {
      refuseNode(node, `reads ${quotedText(early)}, which no node before it gives`);
    }
    for (const output of node.outputs) {
      if (output === '') continue;
      if (given.has(output)) refuseNode(node, `gives ${quotedText(output)} a second time`);
      given.add(output);
    }
  }
  return nodes;
}

function requireTaken(node: ForeignNode): asserts node is ForeignNode & { operator: ImportedOperator } {
  const { operator, attributes } = node;
  if (!Object.hasOwn(IMPORTED, operator)) {
    refuseNode(node, 'is of an operator that is not taken', INSTEAD[operator] ?? STANDARD_INSTEAD);
  }
  const names: readonly string[] = IMPORTED[operator as ImportedOperator];
  const other = [...attributes.keys()].find((name) => !names.includes(name));
  if (other !== undefined) {
    refuseNode(node, `has the attribute ${quotedText(other)}, expected ${names.join(', ') || 'none'}`);
  }
}

const STANDARD_INSTEAD =
  'export the model with standard operators (PyTorch: dynamo=True, optimize=False); docs/own-networks.md lists them';
const CONTROL_FLOW = 'export the model with fixed shapes, so that nothing is decided by the data';
const INSTEAD: Readonly<Record<string, string>> = {
  Einsum: 'write the product as a matmul with permuted axes',
  If: CONTROL_FLOW,
  Loop: CONTROL_FLOW,
  Scan: CONTROL_FLOW,
  NonZero: CONTROL_FLOW,
  TopK: 'leave it out of the network: it reads a prediction off the scores',
  QuantizeLinear: 'export the model before it is quantized',
  DequantizeLinear: 'export the model before it is quantized',
  QLinearConv: 'export the model before it is quantized',
  'ai.onnx.ml.TreeEnsembleClassifier': 'trees have no gradient; take a neural network or a linear model',
  'ai.onnx.ml.TreeEnsembleRegressor': 'trees have no gradient; take a neural network or a linear model',
  'ai.onnx.ml.SVMClassifier': 'take a linear model (LogisticRegression, LinearRegression)',
};

function statisticsAmong(
  nodes: readonly ForeignNode[],
  tensors: ReadonlyMap<string, ForeignTensor>,
): ReadonlySet<string> {
  const names = new Set<string>();
  for (const node of nodes) {
    if (node.operator !== 'BatchNormalization') continue;
    for (const index of [3, 4]) {
      const name = node.inputs[index] ?? '';
      if (!tensors.has(name)) refuseNode(node, 'computes its running statistics, expected initializers');
      names.add(name);
    }
  }
  return names;
}

/** Batch norm reads its statistics by their names. */
const isStatistic = ({ operator }: ForeignNode, index: number) =>
  operator === 'BatchNormalization' && (index === 3 || index === 4);

/** Which operands of an operator are learned, by their places. */
const LEARNED: Partial<Record<ImportedOperator, readonly number[]>> = {
  BatchNormalization: [1, 2],
  Conv: [1, 2],
  ConvTranspose: [1, 2],
  GRU: [1, 2, 3],
  Gather: [0],
  Gemm: [0, 1, 2],
  GroupNormalization: [1, 2],
  InstanceNormalization: [1, 2],
  LSTM: [1, 2, 3],
  LayerNormalization: [1, 2],
  MatMul: [0, 1],
  PRelu: [1],
};

function learnedOperands(nodes: readonly ForeignNode[]): ReadonlySet<string> {
  return new Set(
    nodes.flatMap(({ operator, inputs }) =>
      (LEARNED[operator as ImportedOperator] ?? []).map((index) => inputs[index] ?? ''),
    ),
  );
}

/** Names that exporters make up for what they computed: "onnx::MatMul_12", "val_97". */
const MADE_UP =
  /^(onnx::.*|_?val_\d+|.*constant.*|const_fold.*|scalar_tensor.*|.*lifted_tensor.*|\d+|p_cast.*|.*\/shape)$/i;

/**
 * Whether a tensor is trained: it has the name of its module, or the place of a weight. What an
 * exporter computed for another place is a constant, as are masks with infinities.
 */
function isWeight(tensor: ForeignTensor, learned: ReadonlySet<string>): boolean {
  const { name, kind, shape } = tensor;
  if (kind !== 'float' || sizeOf(shape) === 0 || roleOf(name) !== 'weight') return false;
  if (MADE_UP.test(name) && !(learned.has(name) && sizeOf(shape) > 1)) return false;
  return tensor.isElsewhere || tensor.numbers().every((number) => Number.isFinite(number));
}

const constantOf = ({ shape, numbers }: Pick<ForeignTensor, 'shape' | 'numbers'>, kind: NumberKind) =>
  known(Array.from(numbers()), shape, kind);

function constantsAmong(tensors: readonly ForeignTensor[]): ReadonlyMap<string, ForeignValue> {
  let total = 0;
  return new Map(
    tensors.map(({ name, kind, shape, numbers }) => {
      if (kind === 'text') {
        throw new OnnxError(`onnx: the tensor ${quotedText(name)} holds texts, expected numbers`);
      }
      total += sizeOf(shape);
      if (total > MOST_CONSTANT) {
        throw new OnnxError(
          `onnx: with the tensor ${quotedText(name)} ${formatShape(shape)} constants hold ${total} numbers, expected at most ${MOST_CONSTANT}`,
          { hint: 'numbers that are not trained are constants; export them as parameters of the module' },
        );
      }
      return [name, constantOf({ shape, numbers }, kind)] as const;
    }),
  );
}

const tracedInputs = (
  { inputs }: ForeignModel,
  values: ReadonlyMap<string, Value>,
): readonly (readonly [string, ForeignValue])[] =>
  inputs.flatMap(({ name, kind = 'float' }) => {
    const value = values.get(name);
    if (value === undefined || kind === 'text') return [];
    return [[name, traced(value, kind)] as const];
  });

const tracedWeights = (values: ReadonlyMap<string, Value>) =>
  [...values].map(([name, value]) => [name, traced(value)] as const);

function runNodes(
  nodes: readonly ForeignNode[],
  end: End,
  values: Map<string, ForeignValue>,
  surroundings: ImportSurroundings,
): Value {
  for (const node of nodes) {
    const operands = node.inputs.map((name, index) => {
      const value = values.get(name);
      if (value !== undefined || name === '' || isStatistic(node, index)) return value;
      return refuseNode(node, `reads ${quotedText(name)}, which is not taken of the node that gives it`);
    });
    const call = callOf(node, operands, surroundings);
    const result = ruleOf(node, () => importRules[node.operator as ImportedOperator](call));
    const results = Array.isArray(result) ? (result as readonly ForeignValue[]) : [result as ForeignValue];
    const isFoldable = operands.every((operand) => operand === undefined || isKnown(operand));
    for (const [index, name] of node.outputs.entries()) {
      const one = results[index];
      if (name === '' || one === undefined) continue;
      const value = isFoldable ? folded(one) : one;
      const size = sizeOf(shapeOf(value));
      if (!(size < LARGEST)) refuseNode(node, `makes ${size} numbers, expected fewer than 2^31`);
      if (isKnown(value)) call.spend(size);
      values.set(name, value);
    }
  }
  const value = values.get(end.value);
  if (value === undefined) throw new OnnxError(`onnx: ${quotedText(end.value)} is not given by its node`);
  return floatsOf(value);
}

/** What a graph refuses is said with the node that asked for it. */
function ruleOf<Result>(node: ForeignNode, run: () => Result): Result {
  try {
    return run();
  } catch (cause) {
    if (cause instanceof OnnxError || !(cause instanceof CommonweightError)) throw cause;
    return refuseNode(node, `cannot be taken: ${cause.message}`);
  }
}
