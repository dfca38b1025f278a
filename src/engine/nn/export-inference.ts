/** A trained network as an ONNX model that any program can run. */

import type { Shape } from '../../tensor/shape.js';
import { checkState, type StateLayout } from '../../tensor/state-dict.js';
import { input, softmax } from '../graph/build.js';
import { simplifyGraph } from '../graph/simplify.js';
import type { Graph } from '../graph/value.js';
import { exportGraph } from '../onnx/export/export.js';
import { applyNetwork, type Network } from './layers/network.js';
import { type Normalization, normalized } from './training-step.js';

export interface TrainedNetwork {
  readonly network: Network;
  readonly layout: StateLayout;
  /** The flat vector that the layout describes. */
  readonly state: Float32Array;
  /** [C,H,W]. */
  readonly imageShape: Shape;
  readonly normalization: Normalization;
}

/**
 * The bytes of a model with the input `images` u8 [batch,C,H,W] and the outputs `logits` and `probabilities`
 * f32 [batch,classes]. It has standard operators only (default domain, opset 18), and the weights as initializers under
 * their PyTorch names.
 */
export function exportInference({ layout, state, ...description }: TrainedNetwork): Uint8Array {
  checkState({ layout, data: state }, 'export: the trained state');
  return exportGraph((batchSize) => inferenceGraph({ layout, ...description }, batchSize), {
    layout,
    data: state,
  });
}

/** (images u8 [batchSize,C,H,W], every weight in its shape) → (logits, probabilities). */
function inferenceGraph(
  { network, layout, imageShape, normalization }: Omit<TrainedNetwork, 'state'>,
  batchSize: number,
): Graph {
  const images = input('images', [batchSize, ...imageShape], 'u8');
  const weights = layout.map(({ name, shape }) => input(name, shape));
  const logits = applyNetwork(network, layout, weights, normalized(images, normalization));
  return simplifyGraph({ outputs: { logits, probabilities: softmax(logits) } });
}
