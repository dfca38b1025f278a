/**
 * The names of Python that a state dict of PyTorch has. Everything else in a file is code or a
 * model, and is refused by its name.
 */
import { TensorError } from '../../base/error.js';
import type { Dtype } from '../dtype.js';

/** The dtype of each kind of storage; undefined for bytes whose dtype a tensor says. */
export const storageDtypes: ReadonlyMap<string, Dtype | undefined> = new Map<string, Dtype | undefined>([
  ['torch.DoubleStorage', 'F64'],
  ['torch.FloatStorage', 'F32'],
  ['torch.HalfStorage', 'F16'],
  ['torch.BFloat16Storage', 'BF16'],
  ['torch.ComplexFloatStorage', 'C64'],
  ['torch.LongStorage', 'I64'],
  ['torch.IntStorage', 'I32'],
  ['torch.ShortStorage', 'I16'],
  ['torch.CharStorage', 'I8'],
  ['torch.ByteStorage', 'U8'],
  ['torch.BoolStorage', 'BOOL'],
  ['torch.storage.UntypedStorage', undefined],
]);

/** The dtypes that a tensor of bytes may name. */
export const torchDtypes: ReadonlyMap<string, Dtype> = new Map<string, Dtype>([
  ['torch.float64', 'F64'],
  ['torch.float32', 'F32'],
  ['torch.float16', 'F16'],
  ['torch.bfloat16', 'BF16'],
  ['torch.float8_e4m3fn', 'F8_E4M3'],
  ['torch.float8_e5m2', 'F8_E5M2'],
  ['torch.float8_e4m3fnuz', 'F8_E4M3FNUZ'],
  ['torch.float8_e5m2fnuz', 'F8_E5M2FNUZ'],
  ['torch.float8_e8m0fnu', 'F8_E8M0'],
  ['torch.complex64', 'C64'],
  ['torch.int64', 'I64'],
  ['torch.int32', 'I32'],
  ['torch.int16', 'I16'],
  ['torch.int8', 'I8'],
  ['torch.uint64', 'U64'],
  ['torch.uint32', 'U32'],
  ['torch.uint16', 'U16'],
  ['torch.uint8', 'U8'],
  ['torch.bool', 'BOOL'],
]);

export const REBUILD_TENSOR = 'torch._utils._rebuild_tensor_v2';
export const REBUILD_TENSOR_OF_BYTES = 'torch._utils._rebuild_tensor_v3';
export const REBUILD_PARAMETER = 'torch._utils._rebuild_parameter';
export const ORDERED_DICT = 'collections.OrderedDict';

const names = new Set([
  ...storageDtypes.keys(),
  ...torchDtypes.keys(),
  ...[REBUILD_TENSOR, REBUILD_TENSOR_OF_BYTES, REBUILD_PARAMETER, ORDERED_DICT],
]);

/** @throws TensorError unless a state dict has this name */
export function checkTorchName(name: string, fileName: string): void {
  if (names.has(name)) return;
  throw new TensorError(
    `${fileName}: it holds ${kindOf(name)}: ${name}, expected only tensors by their names`,
    {
      hint: 'save the weights alone, in the program that made the file: torch.save(model.state_dict(), FILE); load files of others only with weights_only=True',
    },
  );
}

function kindOf(name: string): string {
  if (/^torch\.Q\w+Storage$|_rebuild_qtensor$/.test(name)) return 'quantized tensors';
  if (name === 'torch.ComplexDoubleStorage' || name === 'torch.complex128') {
    return 'complex numbers of 128 bits';
  }
  return 'a model or code';
}
