/** What a user should know about an imported network, a sentence each. */
import type { ForeignModel } from '../../onnx/import/file/foreign-model.js';
import type { ImportedGraph } from '../../onnx/import/import-graph.js';
import type { ImportedNorm } from './imported-norm.js';

export function notesOn(model: ForeignModel, graph: ImportedGraph, norm: ImportedNorm): readonly string[] {
  const count = (...operators: readonly string[]) =>
    graph.nodes.filter(({ operator }) => operators.includes(operator)).length;
  const notes: string[] = [];
  const norms = count('BatchNormalization');
  if (norms > 0) notes.push(`batch norm in ${norms} places: ${NORMS[norm]}`);
  const folded = graph.nodes.filter(isFoldedNorm).length;
  if (folded > 0) {
    notes.push(
      `batch norm seems to be folded into ${folded} convolutions: the exporter optimized the network for inference. Export it with optimize=False (PyTorch's dynamo exporter), or with do_constant_folding=False and training=TrainingMode.TRAINING (the older one)`,
    );
  }
  const drops = count('Dropout', 'RandomUniform', 'RandomUniformLike', 'Bernoulli');
  if (drops > 0) notes.push(`dropout in ${drops} places: alive in training, the identity in evaluation`);
  const cut = graph.end.cut.map(({ operator }) => operator.split('.').at(-1));
  if (cut.length > 0)
    notes.push(`cut off its end: ${cut.join(', ')}, since the loss of the task takes scores`);
  const whole = model.inputs.filter(({ kind }) => kind === 'int').map(({ name }) => name);
  if (whole.length > 0) notes.push(`whole numbers are read as i32: ${whole.join(', ')}`);
  if (graph.unnamed.length > 0) {
    notes.push(
      `${graph.unnamed.length} weights have no name of their module (${graph.unnamed.slice(0, 3).join(', ')} …): the exporter computed them. Export with optimize=False, or do_constant_folding=False, to keep names`,
    );
  }
  return notes;
}

const NORMS: Readonly<Record<ImportedNorm, string>> = {
  batch: 'by the mean and variance of each batch, as in training in PyTorch',
  frozen: 'by the running mean and variance of the file, which stay as they are',
  group: 'replaced by group norm with the same scale and shift',
};

/** Exporters name the bias that they make of batch norm after the weight. */
const isFoldedNorm = ({ operator, inputs }: ImportedGraph['nodes'][number]): boolean =>
  operator === 'Conv' &&
  inputs.length === 3 &&
  (inputs[2] === `${inputs[1]}_bias` || inputs.slice(1).every((name) => name.startsWith('onnx::Conv_')));
