/** What one file of weights has, whatever its format. */
import type { SafetensorsMetadata } from '../../safetensors-header.js';
import type { StoredTensor } from '../stored-tensor.js';
import type { TensorSource } from './tensor-source.js';

export interface FileContent {
  readonly format: TensorSource['format'];
  /** Their file is 0 for the file itself, 1 for what is held. */
  readonly tensors: readonly StoredTensor[] | ReadonlyMap<string, StoredTensor>;
  readonly metadata: SafetensorsMetadata;
  readonly notes: readonly string[];
  /** What was compressed, unpacked. */
  readonly held?: Uint8Array;
}
