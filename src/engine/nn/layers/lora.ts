/**
 * LoRA (Hu et al. 2021, https://arxiv.org/abs/2106.09685): a matrix W of a dense layer stays as it
 * is, and W + (alpha/rank)·B·A takes its place, where A [rank, columns] and B [rows, rank] are
 * trained. The product B·A is never computed: x·(W + s·B·A)ᵀ = x·Wᵀ + s·(x·Aᵀ)·Bᵀ.
 *
 * It is a network around a network. The layers are found in the graph, by the matrices that they
 * multiply with, so any network can have adapters, its attention included. The factor that reads
 * the input begins as a dense layer does, the other one from zeros. Names are PEFT's:
 * "fc1.lora_A.weight" for "fc1.weight".
 */
import { matchesAny } from '../../../base/patterns.js';
import type { Shape } from '../../../tensor/shape.js';
import {
  joinStates,
  type StateDict,
  type StateLayout,
  stateLayout,
  tensorView,
} from '../../../tensor/state-dict.js';
import * as g from '../../graph/build.js';
import { operand, topologicalOrder, type Value, type ValueOf } from '../../graph/value.js';
import { fanInUniform, zeros } from './initializers.js';
import { type Network, refuse, type Scope } from './network.js';
import { idleProblem } from './trained-part.js';

export interface LoraSettings {
  readonly rank: number;
  /** The product counts alpha/rank times; the rank by default. */
  readonly alpha?: number | undefined;
  /** Patterns of the names of matrices. */
  readonly targets: readonly string[];
}

/** The weights of adapters, as patterns. */
export const ADAPTERS = ['*.lora_A.weight', '*.lora_B.weight'] as const;

const scaleOf = ({ rank, alpha = rank }: Pick<LoraSettings, 'rank' | 'alpha'>) => alpha / rank;

const adapterName = (weight: string, factor: 'A' | 'B') =>
  `${weight.replace(/\.weight$/, '')}.lora_${factor}.weight`;

/** @throws NetworkError when a pattern matches no matrix that the network multiplies with */
export const withLora =
  (network: Network, settings: LoraSettings): Network =>
  (scope, ...inputs) => {
    const matrices = new Map<Value, string>();
    const updates: { readonly scope: Scope; readonly name: string; readonly value: Value }[] = [];
    const seen = (inner: Scope, prefix: string): Scope => ({
      ...inner,
      parameter(name, shape, initializer) {
        const value = inner.parameter(name, shape, initializer);
        if (shape.length === 2) matrices.set(value, `${prefix}${name}`);
        return value;
      },
      update: (name, value) => void updates.push({ scope: inner, name, value }),
      in: (name) => seen(inner.in(name), `${prefix}${name}.`),
    });
    const output = network(seen(scope, ''), ...inputs);
    const [adapted, ...changed] = adaptedValues(
      [output, ...updates.map(({ value }) => value)],
      matrices,
      scope,
      settings,
    ) as [Value, ...Value[]];
    updates.forEach(({ scope, name }, index) => {
      scope.update(name, changed[index] as Value);
    });
    return adapted;
  };

/** The values with the adapters' products added to those of their matrices. */
function adaptedValues(
  values: readonly Value[],
  matrices: ReadonlyMap<Value, string>,
  scope: Scope,
  settings: LoraSettings,
): Value[] {
  const { targets, rank } = settings;
  const found = new Set<string>();
  const adapters = new Map<string, Readonly<Record<'A' | 'B', Value>>>();
  const asked = (name: string, [rows = 1, columns = 1]: Shape, isTransposed: boolean) => ({
    A: scope.parameter(adapterName(name, 'A'), [rank, columns], isTransposed ? fanInUniform(columns) : zeros),
    B: scope.parameter(adapterName(name, 'B'), [rows, rank], isTransposed ? zeros : fanInUniform(rows)),
  });
  const replaced = new Map<Value, Value>();
  const now = (value: Value) => replaced.get(value) ?? value;
  for (const value of topologicalOrder(values)) {
    const same = g.withInputs(value, value.inputs.map(now));
    const matrix = value.op === 'matmul' ? matrixOf(value as ValueOf<'matmul'>) : undefined;
    const name = matrix && matrices.get(matrix.weight);
    if (matrix !== undefined && name !== undefined) found.add(name);
    if (matrix === undefined || name === undefined || !matchesAny(name, targets)) {
      replaced.set(value, same);
      continue;
    }
    const { weight, isTransposed: transposeB, transposeA } = matrix;
    // Layers that share a matrix share its adapter.
    const { A, B } = adapters.get(name) ?? asked(name, weight.shape, transposeB);
    adapters.set(name, { A, B });
    // The factor next to the input comes first.
    const [first, second] = transposeB ? [A, B] : [B, A];
    const low = g.matmul(operand(same, 0), first, { transposeA, transposeB });
    replaced.set(value, g.add(same, g.mul(g.matmul(low, second, { transposeB }), scaleOf(settings))));
  }
  refuse(idleProblem('lora.targets', targets, [...found], 'matrix of a dense layer'));
  return values.map(now);
}

/** What a product multiplies with from the right, and whether it is read transposed. */
function matrixOf(product: ValueOf<'matmul'>) {
  let weight = operand(product as unknown as Value, 1);
  let isTransposed = product.attributes.transposeB;
  while (weight.op === 'transpose' && weight.shape.length === 2) {
    if (weight.attributes.permutation[0] === 1) isTransposed = !isTransposed;
    weight = operand(weight, 0);
  }
  return { weight, isTransposed, transposeA: product.attributes.transposeA };
}

/**
 * The model with each adapter added to its matrix, W + (alpha/rank)·B·A in float64: a plain model
 * under the names of the network. An adapter of which a factor is missing stays as it is. The model
 * is made of states that hold its tensors, since each may be large.
 * @param whole the table of all of them
 */
export function mergedLora(
  whole: StateLayout,
  parts: readonly StateDict[],
  settings: Pick<LoraSettings, 'rank' | 'alpha'>,
): StateDict {
  const names = new Set(whole.map(({ name }) => name));
  const pairs = whole.flatMap((entry) => {
    const [A, B] = [adapterName(entry.name, 'A'), adapterName(entry.name, 'B')];
    return names.has(A) && names.has(B) ? [{ entry, A, B }] : [];
  });
  const gone = new Set(pairs.flatMap(({ A, B }) => [A, B]));
  const kept = whole.filter(({ name }) => !gone.has(name));
  const merged = joinStates(stateLayout(kept.map(({ name, shape }) => [name, shape])), ...parts);
  const factor = (name: string) => {
    const part = parts.find(({ layout }) => layout.some((entry) => entry.name === name)) as StateDict;
    return tensorView(part, name);
  };
  for (const { entry, A, B } of pairs) {
    const [, columns = 1] = entry.shape;
    addProduct(tensorView(merged, entry.name), { A: factor(A), B: factor(B) }, { ...settings, columns });
  }
  return merged;
}

function addProduct(
  weight: Float32Array,
  { A, B }: Readonly<Record<'A' | 'B', Float32Array>>,
  { columns, ...settings }: Pick<LoraSettings, 'rank' | 'alpha'> & { readonly columns: number },
): void {
  const { rank } = settings;
  const scale = scaleOf(settings);
  const row = new Float64Array(columns);
  for (let i = 0; i * columns < weight.length; i++) {
    row.fill(0);
    for (let r = 0; r < rank; r++) {
      const b = B[i * rank + r] as number;
      for (let j = 0; j < columns; j++) (row[j] as number) += b * (A[r * columns + j] as number);
    }
    for (let j = 0; j < columns; j++) (weight[i * columns + j] as number) += scale * (row[j] as number);
  }
}
