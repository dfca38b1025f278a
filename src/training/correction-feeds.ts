/** The feeds of a correction, beside those of the batch. They stay the same during a round. */
import { classCounts } from '../data/class-counts.js';
import { categoriesOf, type Dataset } from '../data/dataset.js';
import type { CorrectionInput } from '../engine/nn/corrections/correction.js';
import type { Plan } from '../engine/nn/plan.js';
import type { Tensors } from '../engine/runtime/runtime.js';
import { f32Tensor, type Tensor } from '../tensor/tensor.js';

export interface CorrectedWork {
  /** The strength of the plan's correction: 1, the default, or 0 to turn it off. */
  readonly correctionStrength?: number | undefined;
  /** SCAFFOLD's c − c_k; zeros by default. */
  readonly controlDrift?: Float32Array | undefined;
}

/**
 * @param train the participant's training examples
 * @param base w_t, the state that the round begins with
 */
export function correctionFeeds(
  { correctionInputs }: Plan,
  dataset: Dataset,
  train: Uint32Array,
  base: Float32Array,
  { correctionStrength = 1, controlDrift }: CorrectedWork,
): Tensors {
  const feeds: Record<CorrectionInput, () => Tensor> = {
    strength: () => f32Tensor(Float32Array.of(correctionStrength), []),
    globalState: () => f32Tensor(base),
    controlDrift: () => f32Tensor(controlDrift ?? new Float32Array(base.length)),
    classCounts: () => {
      const labels = dataset.targets[0]?.values ?? [];
      return f32Tensor(Float32Array.from(classCounts(labels, categoriesOf(dataset).length, train)));
    },
  };
  return Object.fromEntries(correctionInputs.map((name) => [name, feeds[name]()]));
}
