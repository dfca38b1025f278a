/**
 * Where the network ends: the value before the operators that only read a prediction off the
 * scores. The loss of the task takes scores, so softmax, ArgMax and the like are cut off.
 */
import { type ForeignModel, type ForeignNode, type ForeignPort, quotedText } from './file/foreign-model.js';
import { OnnxError } from './file/read-message.js';

export interface End {
  /** The output of the file that is followed. */
  readonly output: string;
  /** The value that the network gives. */
  readonly value: string;
  /** The operators that were cut off, from the network's end on. */
  readonly cut: readonly ForeignNode[];
}

/** These only read a prediction off scores; what is true is that some are no operators of ours. */
const READING = ['Softmax', 'LogSoftmax', 'Sigmoid', 'ArgMax', 'ai.onnx.ml.ZipMap', 'ai.onnx.ml.Normalizer'];
/** These change nothing, and are cut only together with one that reads. */
const PASSING = ['Identity', 'Cast', 'Squeeze', 'Reshape', 'Flatten'];

/**
 * @param chosen the name of the output to follow; by default the first that numbers lead to
 * @throws OnnxError when there is no such output
 */
export function endOf(model: ForeignModel, chosen: string | undefined, what: string): End {
  const makers = makersOf(model.nodes);
  const { name: output } = chosenOutput(model.outputs, chosen, what);
  const path: ForeignNode[] = [];
  let value = output;
  let end = { value, length: 0 };
  for (let node = makers.get(value); node !== undefined; node = makers.get(value)) {
    const reads = READING.includes(node.operator);
    // A cycle is refused later.
    if ((!reads && !PASSING.includes(node.operator)) || path.length > model.nodes.length) break;
    path.push(node);
    value = node.inputs[0] ?? '';
    if (reads) end = { value, length: path.length };
  }
  return { output, value: end.value, cut: path.slice(0, end.length).reverse() };
}

export function makersOf(nodes: readonly ForeignNode[]): ReadonlyMap<string, ForeignNode> {
  return new Map(
    nodes.flatMap((node) => node.outputs.filter((name) => name !== '').map((name) => [name, node] as const)),
  );
}

/** Scores and probabilities rather than labels, which come first in files of scikit-learn. */
function chosenOutput(
  outputs: readonly ForeignPort[],
  chosen: string | undefined,
  what: string,
): ForeignPort {
  const found =
    chosen === undefined
      ? (outputs.find(({ kind }) => kind === 'float') ??
        outputs.find(({ kind }) => kind === undefined) ??
        outputs[0])
      : outputs.find(({ name }) => name === chosen);
  if (found !== undefined) return found;
  const names = outputs.map(({ name }) => quotedText(name)).join(', ');
  throw new OnnxError(
    chosen === undefined
      ? `onnx: ${what} has no output`
      : `onnx: ${what} has no output ${quotedText(chosen)}, expected one of ${names}`,
  );
}
