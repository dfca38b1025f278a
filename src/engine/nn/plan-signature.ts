/**
 * The signatures of a plan's models: their inputs and outputs, derived from the table of tensors
 * and the settings. A plan that was compiled elsewhere is checked against them.
 */

import { printable } from '../../base/printable.js';
import type { ColumnSpec } from '../../tensor/column-spec.js';
import { formatShape, type Shape, sameShape } from '../../tensor/shape.js';
import { layoutSize, type StateLayout } from '../../tensor/state-dict.js';
import type { ModelSignature, ModelValue } from '../onnx/import/read-model.js';
import type { CorrectionInput } from './corrections/correction.js';
import { weightsIn } from './layers/network.js';
import type { Plan } from './plan.js';
import type { SumPlan } from './sum-plan.js';
import { sumOutput } from './tasks/evaluation-sums.js';

type Facts = Omit<Plan, 'trainingModel' | 'evaluationModel'>;

/** The signature of `trainingStep`. */
export function trainingSignature(plan: Facts, categories: number): ModelSignature {
  const vector = [layoutSize(plan.layout)];
  const weights = [weightsIn(plan.layout)];
  const corrections: Readonly<Record<CorrectionInput, Shape>> = {
    strength: [],
    globalState: vector,
    controlDrift: vector,
    classCounts: [categories],
  };
  const slots = Array.from({ length: plan.slotCount }, (_, index) => index);
  return {
    inputs: [
      value('state', vector),
      ...held(plan.frozen),
      ...slots.map((index) => value(`slot${index}`, weights)),
      ...batch(plan, plan.batchSize),
      value('learningRate', []),
      value('step', [], 'i32'),
      value('seed', [], 'i32'),
      ...plan.correctionInputs.map((name) => value(name, corrections[name])),
    ],
    outputs: [
      value('nextState', vector),
      ...slots.map((index) => value(`nextSlot${index}`, weights)),
      ...loss,
    ],
  };
}

/** The signature of `evaluationStep`. */
export function evaluationSignature(plan: Facts): ModelSignature {
  const { evaluationBatchSize: size, measures } = plan;
  return {
    inputs: [value('state', [layoutSize(plan.layout)]), ...held(plan.frozen), ...batch(plan, size)],
    outputs: [
      ...loss,
      ...measures.sums.map(({ name, shape }) => value(sumOutput(name), shape)),
      ...(measures.predicts ? [value('predictions', [size], 'i32')] : []),
    ],
  };
}

/** The signature of a sum over examples beside that plan. */
export function sumSignature(
  plan: Pick<Plan, 'layout' | 'frozen' | 'inputs' | 'targets'>,
  { batchSize, signs }: Omit<SumPlan, 'model'>,
): ModelSignature {
  const vector = [layoutSize(plan.layout)];
  return {
    inputs: [
      value('state', vector),
      ...held(plan.frozen),
      ...batch(plan, batchSize),
      value('signs', [batchSize, signs]),
    ],
    outputs: [value('sum', vector)],
  };
}

/**
 * Why a model does not fit, in words. It must give exactly the expected outputs. It may lack
 * inputs, since a graph has no inputs that change nothing.
 */
export function signatureProblem(actual: ModelSignature, expected: ModelSignature): string | undefined {
  const missing = expected.outputs.find(({ name }) => !actual.outputs.some((each) => each.name === name));
  if (missing !== undefined) return `it does not give "${missing.name}"`;
  return (
    valuesProblem('input', actual.inputs, expected.inputs) ??
    valuesProblem('output', actual.outputs, expected.outputs)
  );
}

function valuesProblem(
  kind: string,
  actual: readonly ModelValue[],
  expected: readonly ModelValue[],
): string | undefined {
  for (const [index, one] of actual.entries()) {
    const called = `${kind} "${printable(one.name.slice(0, 100))}"`;
    const wanted = expected.find(({ name }) => name === one.name);
    if (wanted === undefined) {
      return `its ${called} is not expected, only ${expected.map(({ name }) => name).join(', ')}`;
    }
    if (actual.findIndex(({ name }) => name === one.name) < index) return `it has two ${called}`;
    if (one.type === wanted.type && sameShape(one.shape, wanted.shape)) continue;
    return `its ${called} is ${described(one)}, expected ${described(wanted)}`;
  }
  return undefined;
}

const value = (name: string, shape: Shape, type: ModelValue['type'] = 'f32') => ({ name, type, shape });
const described = ({ type, shape }: ModelValue) => `${type}${formatShape(shape)}`;
const held = (frozen: StateLayout) => (frozen.length === 0 ? [] : [value('frozen', [layoutSize(frozen)])]);
const columns = (of: readonly ColumnSpec[], size: number) =>
  of.map(({ name, shape, dtype }) => value(name, [size, ...shape], dtype));
const batch = ({ inputs, targets }: Pick<Plan, 'inputs' | 'targets'>, size: number) => [
  ...columns([...inputs, ...targets], size),
  value('weights', [size]),
];
const loss = [value('lossSum', []), value('counted', [])];
