/**
 * The feature plan: two graphs by which a participant sums the features of its examples. The
 * features are the input of the last dense layer, which is found in the network itself.
 */

import { type ColumnSpec, specOf } from '../../tensor/column-spec.js';
import type { TensorEntry } from '../../tensor/state-dict.js';
import { layoutSize } from '../../tensor/state-dict.js';
import * as g from '../graph/build.js';
import { simplifyGraph } from '../graph/simplify.js';
import type { Value } from '../graph/value.js';
import { gramModel } from '../onnx/gram-model.js';
import { lower } from '../onnx/lower/lower.js';
import { denseLayer, lastLayerOf } from './layers/last-layer.js';
import {
  applyNetwork,
  frozenLayoutOf,
  inputsOfBatch,
  layoutOf,
  type Network,
  parametersOf,
} from './layers/network.js';
import type { TrainedPart } from './layers/trained-part.js';
import { frozenInput, tensorsOf } from './state-inputs.js';

export interface FeaturePlan {
  readonly inputs: readonly ColumnSpec[];
  /** [classes, features] in the state. */
  readonly weight: TensorEntry;
  /** [classes] in the state. */
  readonly bias: TensorEntry;
  readonly classes: number;
  readonly features: number;
  /**
   * The number of examples whose features are computed at a time, and of rows that are multiplied
   * at a time.
   */
  readonly batchSize: number;
  readonly blockSize: number;
  /** (state, …inputs) → features f32 [batchSize, features]. */
  readonly featureModel: Uint8Array;
  /**
   * (rows f32 [blockSize, features]) → rowsᵀ·rows in float64, as (high, low f32 [features,
   * features]).
   */
  readonly gramModel: Uint8Array;
}

export interface FeatureOptions extends TrainedPart {
  readonly network: Network;
  readonly inputs: readonly ColumnSpec[];
}

const BATCH = 25;
const BLOCK = 250;

/** @throws NetworkError when the logits are not the output of a dense layer with a bias. */
export function compileFeaturePlan({ network, inputs, ...part }: FeatureOptions): FeaturePlan {
  const parameters = parametersOf(network, inputs, part);
  const layout = layoutOf(parameters);
  const frozen = frozenLayoutOf(parameters);
  const { weight, bias } = lastLayerOf(network, { layout, frozen }, inputs, 'refit');
  const [classes, features] = weight.shape as [number, number];
  const state = g.input('state', [layoutSize(layout)]);
  const tensors = tensorsOf({ state, ...frozenInput({ frozen }) }, { layout, frozen });
  const whole = denseLayer(
    applyNetwork(network, [...layout, ...frozen], tensors, inputsOfBatch(inputs, BATCH)),
  );
  return {
    inputs: inputs.map(specOf),
    weight,
    bias,
    classes,
    features,
    batchSize: BATCH,
    blockSize: BLOCK,
    featureModel: lower(simplifyGraph({ outputs: { features: whole?.features as Value } })),
    gramModel: gramModel(BLOCK, features),
  };
}
