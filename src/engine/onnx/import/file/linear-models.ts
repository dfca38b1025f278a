/**
 * What scikit-learn's models are in standard operators: linear classifiers and regressors of
 * ai.onnx.ml become products with weights, and two probabilities from one score become a softmax
 * over the scores 0 and z, since σ(z) = softmax(0, z). So they end as other networks do.
 */
import { type ForeignAttribute, type ForeignNode, type ForeignTensor, refuseNode } from './foreign-model.js';

interface Rewritten {
  readonly nodes: readonly ForeignNode[];
  readonly tensors: ReadonlyMap<string, ForeignTensor>;
}

/** @throws OnnxError when the coefficients of a model do not fit */
export function withoutLinearModels({ nodes, tensors }: Rewritten): Rewritten {
  const all = new Map(tensors);
  const tensor = (wanted: string, shape: readonly number[], values: readonly number[]): string => {
    let name = wanted;
    for (let count = 1; all.has(name); count++) name = `${wanted}_${count}`;
    all.set(name, { name, kind: 'float', shape, numbers: () => Float32Array.from(values) });
    return name;
  };
  const makers = new Map(nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)));
  const rewritten = nodes.flatMap((node) => {
    switch (node.operator) {
      case 'ai.onnx.ml.LinearClassifier':
        return linearClassifier(node, tensor);
      case 'ai.onnx.ml.LinearRegressor':
        return linearRegressor(node, tensor);
      case 'ai.onnx.ml.Scaler':
        return scaler(node, tensor);
      case 'Concat':
        return twoProbabilities(node, makers) ?? [node];
      default:
        return [node];
    }
  });
  return { nodes: rewritten, tensors: all };
}

type AddTensor = (name: string, shape: readonly number[], values: readonly number[]) => string;

const floats = (node: ForeignNode, name: string) => node.attributes.get(name)?.floats ?? [];

function linearClassifier(node: ForeignNode, tensor: AddTensor): readonly ForeignNode[] {
  const [coefficients, intercepts] = [floats(node, 'coefficients'), floats(node, 'intercepts')];
  const transform = node.attributes.get('post_transform')?.text ?? 'NONE';
  const [, scores = ''] = node.outputs;
  const isTwo = transform === 'LOGISTIC' && intercepts.length === 2;
  if (
    isTwo &&
    !coefficients.every(
      (value, i) => value === -(coefficients[(i + coefficients.length / 2) % coefficients.length] ?? 0),
    )
  ) {
    refuseNode(node, "has two rows that are not each other's opposite, expected scores of one row");
  }
  const own = (list: readonly number[]) => (isTwo ? list.slice(list.length / 2) : list);
  const z = `${scores}/scores`;
  const product = linear(node, z, own(coefficients), own(intercepts), tensor);
  if (isTwo) return [...product, ...softmaxOfTwo(z, scores)];
  // Of each against the rest, what is trained is a softmax over the same scores.
  const end = transform === 'NONE' ? 'Identity' : 'Softmax';
  return [...product, simple(end, [z], scores)];
}

function linearRegressor(node: ForeignNode, tensor: AddTensor): readonly ForeignNode[] {
  const transform = node.attributes.get('post_transform')?.text ?? 'NONE';
  if (transform !== 'NONE') refuseNode(node, `has the post_transform "${transform}", expected NONE`);
  const targets = node.attributes.get('targets')?.int ?? 1;
  const given = floats(node, 'intercepts');
  const intercepts = given.length > 0 ? given : new Array<number>(targets).fill(0);
  return linear(node, node.outputs[0] ?? '', floats(node, 'coefficients'), intercepts, tensor);
}

/** x·coefficientsᵀ + intercepts */
function linear(
  { inputs, ...node }: ForeignNode,
  output: string,
  coefficients: readonly number[],
  intercepts: readonly number[],
  tensor: AddTensor,
): readonly ForeignNode[] {
  const rows = intercepts.length;
  const features = coefficients.length / rows;
  if (rows === 0 || !Number.isInteger(features)) {
    refuseNode({ inputs, ...node }, `has ${coefficients.length} coefficients for ${rows} intercepts`);
  }
  const weight = tensor('coefficients', [rows, features], coefficients);
  const bias = tensor('intercepts', [rows], intercepts);
  return [
    {
      name: node.name,
      operator: 'Gemm',
      inputs: [inputs[0] ?? '', weight, bias],
      outputs: [output],
      attributes: new Map([['transB', { ...NO_VALUE, int: 1 }]]),
    },
  ];
}

/** (x − offset)·scale */
function scaler(node: ForeignNode, tensor: AddTensor): readonly ForeignNode[] {
  const [offset, scale] = [floats(node, 'offset'), floats(node, 'scale')];
  const [x = ''] = node.inputs;
  const [y = ''] = node.outputs;
  const centred = `${y}/centred`;
  // By these names they are constants.
  const name = (of: string) => `scaler/constant_${of}`;
  return [
    simple('Sub', [x, tensor(name('offset'), [offset.length], offset)], centred),
    simple('Mul', [centred, tensor(name('scale'), [scale.length], scale)], y),
  ];
}

/** Concat(1 − σ(z), σ(z)) as softmax(0, z); undefined if it is something else. */
function twoProbabilities(
  node: ForeignNode,
  makers: ReadonlyMap<string, ForeignNode>,
): readonly ForeignNode[] | undefined {
  const [other = '', probability = ''] = node.inputs;
  const [minus, sigmoid] = [makers.get(other), makers.get(probability)];
  const isPattern =
    node.inputs.length === 2 &&
    minus?.operator === 'Sub' &&
    minus.inputs[1] === probability &&
    sigmoid?.operator === 'Sigmoid';
  return isPattern ? softmaxOfTwo(sigmoid.inputs[0] ?? '', node.outputs[0] ?? '') : undefined;
}

function softmaxOfTwo(z: string, output: string): readonly ForeignNode[] {
  const [zero, both] = [`${output}/zero`, `${output}/both`];
  return [
    simple('Sub', [z, z], zero),
    { ...simple('Concat', [zero, z], both), attributes: new Map([['axis', { ...NO_VALUE, int: 1 }]]) },
    simple('Softmax', [both], output),
  ];
}

const NO_VALUE: ForeignAttribute = { floats: [], ints: [], texts: [], hasGraph: false };

const simple = (operator: string, inputs: readonly string[], output: string): ForeignNode => ({
  name: '',
  operator,
  inputs,
  outputs: [output],
  attributes: new Map(),
});
