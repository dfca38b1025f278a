/** The recorded files, and inputs as the same functions of position as in record.py. */
import { readFileSync } from 'node:fs';
import type { ColumnSpec } from '../../src/tensor/column-spec.js';
import { sizeOf } from '../../src/tensor/shape.js';
import { f32Tensor, i32Tensor, type Tensor } from '../../src/tensor/tensor.js';

export interface FileRecording {
  /** Shapes without the batch; of whole numbers the length and how many values there are. */
  readonly inputs: Readonly<Record<string, readonly number[]>>;
  /** Scores of ONNX Runtime, or of PyTorch in evaluation. */
  readonly outputs?: readonly number[];
  /** Of scikit-learn. */
  readonly probabilities?: readonly number[];
  /** Mean losses before each of ten steps of PyTorch, by how batch norm was treated. */
  readonly losses: Readonly<Partial<Record<'batch' | 'frozen', readonly number[]>>>;
  /** The names of the module's state dict. */
  readonly names?: readonly string[] | null;
}

export const RECORDED_BATCH = 6;

export const recordings = JSON.parse(
  readFileSync(new URL('recordings.json', import.meta.url), 'utf8'),
) as Readonly<Record<string, FileRecording>>;

export const recordedFile = (name: string): Uint8Array =>
  readFileSync(new URL(`../fixtures/onnx/${name}`, import.meta.url));

export function inputOf({ name, dtype, shape }: ColumnSpec, recording: FileRecording): Tensor {
  const size = RECORDED_BATCH * sizeOf(shape);
  const places = Array.from({ length: size }, (_, place) => place);
  const all = [RECORDED_BATCH, ...shape];
  if (dtype === 'f32')
    return f32Tensor(
      Float32Array.from(places, (i) => Math.sin(1.7 * i + 0.3)),
      all,
    );
  const [length = 1, vocabulary = 2] = recording.inputs[name] ?? [];
  const values = places.map((i) =>
    name === 'attention_mask'
      ? Number(!(Math.floor(i / length) % 2 === 1 && i % length >= length - 2))
      : ((i * i + 3 * i) % 7) % vocabulary,
  );
  return i32Tensor(Int32Array.from(values), all);
}
