/**
 * The diagonal of a network's Fisher information (Matena and Raffel 2021,
 * https://arxiv.org/abs/2111.09832, section 2.2),
 *
 *     F = E_x Σ_c p_c·(∇ log p_c)²,   p = softmax(logits of x)
 *
 * It uses the network's own labels, not those of the examples. One graph takes a batch example by
 * example, since a sum of squares needs each gradient by itself:
 *
 *     (state [P], frozen [F], …inputs [B,…], signs [B,outputs], weights [B]) → (sum [P])
 *
 * With random signs ε of ±1, the expectation of (Σ_c ε_c·√p_c·∇ log p_c)² is Σ_c p_c·(∇ log p_c)².
 * That takes one gradient for each example, not one for each output. It has less noise than a label
 * drawn from p, since an improbable label brings a large gradient.
 * @see Martens et al. 2012, curvature propagation, https://arxiv.org/abs/1206.6464
 */
import { roleOf } from '../../tensor/roles.js';
import { layoutSize } from '../../tensor/state-dict.js';
import { gradients } from '../autodiff/gradients.js';
import * as g from '../graph/build.js';
import { simplify, simplifyGraph } from '../graph/simplify.js';
import type { Graph, Value } from '../graph/value.js';
import { lower } from '../onnx/lower/lower.js';
import { applyNetwork, type Inputs, weightsIn } from './layers/network.js';
import type { PlanOptions } from './plan.js';
import { tensorsOf } from './state-inputs.js';
import { networkOnBatch, type SumPlan } from './sum-plan.js';

export type FisherOptions = Pick<PlanOptions, 'network' | 'inputs' | 'train' | 'freeze'>;

const BATCH = 25;

export function compileFisherPlan(options: FisherOptions): SumPlan {
  const { graph, outputs } = fisherStep(options, BATCH);
  return { signs: outputs, batchSize: BATCH, model: lower(graph) };
}

/** Builds the graph, and says how many weights and outputs the network has. */
export function fisherStep(
  options: FisherOptions,
  batchSize: number,
): { graph: Graph; size: number; outputs: number } {
  const { network, inputs } = options;
  const begun = networkOnBatch(options, batchSize);
  const { layout, frozen, vectors, inputs: examples, weights, output: logits } = begun;
  const size = layoutSize(layout);
  const outputs = logits.shape[1] ?? 1;
  const slopes = g.mul(logitSlopes(logits), g.reshape(weights, [batchSize, 1]));
  const named = Object.fromEntries(inputs.map(({ name }, index) => [name, examples[index] as Value]));
  const sliced = { ...named, slopes };
  const sum = g.sumOverParts({ sliced, whole: vectors }, batchSize, (operands) => {
    const one = operands as Record<'slopes' | keyof typeof vectors, Value>;
    const inputsOfOne = inputs.map(({ name }) => operands[name]) as unknown as Inputs;
    const all = tensorsOf(one, { layout, frozen });
    const tensors = all.filter((_, index) => roleOf(layout[index]?.name ?? 'running_mean') === 'weight');
    const z = applyNetwork(network, [...layout, ...frozen], all, inputsOfOne);
    // Simplified before it is differentiated: a cheaper forward pass gives a cheaper backward pass.
    const [value, ...simple] = simplify([g.reduceSum(g.mul(z, one.slopes)), ...tensors]) as [
      Value,
      ...Value[],
    ];
    // Statistics and counters have no Fisher information: 0.
    const others = size - weightsIn(layout);
    const rest = others === 0 ? [] : [g.constant(Array.from({ length: others }, () => 0))];
    const gradient = g.concat([...gradients(value, simple), ...rest], 0);
    return simplify([g.mul(gradient, gradient)])[0] as Value;
  });
  return { graph: simplifyGraph({ outputs: { sum } }), size, outputs };
}

/**
 * For each example, d/d logits of Σ_c ε_c·√p_c·log p_c with √p_c held fixed: s − p·Σ s, where s_c =
 * ε_c·√p_c. A sum over parts receives them as numbers, so they are not differentiated again.
 */
function logitSlopes(logits: Value): Value {
  const p = g.softmax(logits, 1);
  const s = g.mul(g.input('signs', logits.shape), g.sqrt(p));
  return g.sub(s, g.mul(p, g.reduceSum(s, [1], true)));
}
