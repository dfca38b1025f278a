/**
 * The tensors of a state dict that PyTorch saved: where each lies in its archive. A checkpoint may
 * have the state dict beside other things, under a name such as "state_dict".
 */
import { TensorError } from '../../base/error.js';
import { excerpt, listed } from '../../base/excerpt.js';
import { type Dtype, dtypeBytes } from '../dtype.js';
import { formatShape, sizeOf } from '../shape.js';
import type { PickleCall, PickleDict, PickleValue } from './pickle-values.js';
import { readPickle } from './read-pickle.js';
import { type StoredTensor, unusualStrides } from './stored-tensor.js';
import {
  checkTorchName,
  ORDERED_DICT,
  REBUILD_PARAMETER,
  REBUILD_TENSOR,
  REBUILD_TENSOR_OF_BYTES,
  storageDtypes,
  torchDtypes,
} from './torch-names.js';

export interface TorchState {
  readonly tensors: readonly StoredTensor[];
  /** Sentences about what was left out, or chosen. */
  readonly notes: readonly string[];
}

/** Where the bytes of a storage lie. */
export interface StoragePlace {
  readonly position: number;
  readonly bytes: number;
}

export interface TorchArchive {
  /** In errors. */
  readonly fileName: string;
  readonly pickle: Uint8Array;
  readonly isBigEndian: boolean;
  readonly storage: (key: string) => StoragePlace | undefined;
}

/** The names under which training scripts keep a state dict in a checkpoint, the first first. */
const usualKeys = ['state_dict', 'model_state_dict', 'model', 'module'];

/** @throws TensorError when it is not a state dict, or a tensor is beyond its storage */
export function torchState(archive: TorchArchive): TorchState {
  const { fileName, pickle } = archive;
  const value = readPickle(pickle, {
    what: `${fileName}: its pickle`,
    checkName: (name) => checkTorchName(name, fileName),
  });
  const { dict, notes } = stateDictIn(value, fileName);
  const tensors: StoredTensor[] = [];
  const others: string[] = [];
  const seen = new Set<string>();
  const known = new Map<PickleCall, StoredTensor>();
  for (const [name, item] of itemsOf(dict)) {
    if (!isTensor(item)) {
      others.push(String(name));
      continue;
    }
    if (typeof name !== 'string')
      throw odd(fileName, `a tensor has the name ${shown(name)}, expected a text`);
    if (seen.has(name)) throw odd(fileName, `two tensors are named "${name}"`);
    seen.add(name);
    const tensor = known.get(item) ?? tensorOf(name, item, archive);
    known.set(item, tensor);
    tensors.push({ ...tensor, name });
  }
  if (others.length > 0) {
    notes.push(
      `"${fileName}": ${listed(others)} ${others.length === 1 ? 'is no tensor, and is' : 'are no tensors, and are'} left out`,
    );
  }
  return { tensors, notes };
}

function stateDictIn(value: PickleValue, fileName: string) {
  const notes: string[] = [];
  const hasTensors = tensorFinder();
  if (!isDict(value)) {
    throw odd(fileName, `it holds ${isTensor(value) ? 'one tensor without a name' : shown(value)}`);
  }
  const inner = itemsOf(value).flatMap(([key, item]) =>
    typeof key === 'string' && isDict(item) && hasTensors(item) ? [{ key, dict: item }] : [],
  );
  const usual = usualKeys
    .map((name) => inner.find(({ key }) => key === name))
    .find((one) => one !== undefined);
  if (usual === undefined && hasTensors(value)) return { dict: value, notes };
  const [only, second] = inner;
  const chosen = usual ?? (second === undefined ? only : undefined);
  if (chosen === undefined) {
    const keys = listed(inner.map(({ key }) => `"${key}"`));
    throw odd(fileName, inner.length > 0 ? `it holds several state dicts: ${keys}` : 'it holds no tensors');
  }
  notes.push(`"${fileName}" is a checkpoint: its weights are those of "${chosen.key}"`);
  return { dict: chosen.dict, notes };
}

function tensorOf(name: string, call: PickleCall, archive: TorchArchive): StoredTensor {
  const { fileName, isBigEndian } = archive;
  const which = `"${name}"`;
  if (call.name === REBUILD_PARAMETER) {
    const [inner] = call.args;
    if (!isTensor(inner) || inner.name === REBUILD_PARAMETER)
      throw odd(fileName, `${which} is a parameter without a tensor`);
    return tensorOf(name, inner, archive);
  }
  const [reference, offset, size, stride, , , named] = call.args;
  const shape = wholeNumbers(size);
  const strides = wholeNumbers(stride);
  if (shape === undefined || strides?.length !== shape.length || !isWhole(offset)) {
    throw odd(fileName, `${which} has no shape that can be read`);
  }
  const { dtype, position, bytes } = storageOf(which, reference, call, named, archive);
  const width = dtypeBytes[dtype];
  const last = shape.reduce((sum, extent, axis) => sum + (extent - 1) * (strides[axis] as number), offset);
  if (!Number.isSafeInteger(sizeOf(shape)) || (!shape.includes(0) && (last + 1) * width > bytes)) {
    throw odd(
      fileName,
      `${which} is ${dtype} ${formatShape(shape)} and ends at byte ${(last + 1) * width} of its storage, which has ${bytes}`,
    );
  }
  const unusual = unusualStrides(shape, strides);
  return {
    ...{ name, dtype, shape, file: 0, position: position + offset * width },
    ...(unusual && { strides: unusual }),
    ...(isBigEndian && width > 1 && { isBigEndian }),
  };
}

/** ('storage', the kind of storage, its key, where it was, how many numbers it has) */
function storageOf(
  which: string,
  reference: PickleValue | undefined,
  call: PickleCall,
  named: PickleValue | undefined,
  { fileName, storage }: TorchArchive,
): StoragePlace & { readonly dtype: Dtype } {
  const parts = isKind(reference, 'reference') && isKind(reference.id, 'tuple') ? reference.id.items : [];
  const [tag, kind, key, , numbers] = parts;
  if (tag !== 'storage' || !isKind(kind, 'global') || typeof key !== 'string' || !isWhole(numbers)) {
    throw odd(fileName, `${which} has no storage`);
  }
  const ofStorage = storageDtypes.get(kind.name);
  const ofTensor = isKind(named, 'global') ? torchDtypes.get(named.name) : undefined;
  const dtype = call.name === REBUILD_TENSOR_OF_BYTES ? ofTensor : ofStorage;
  if (dtype === undefined) throw odd(fileName, `${which} has the storage ${kind.name}, without a dtype`);
  const place = storage(key);
  if (place === undefined) {
    throw new TensorError(`${fileName}: the numbers of ${which} are missing: there is no entry data/${key}`, {
      hint: 'copy or download it again',
    });
  }
  const expected = numbers * (ofStorage === undefined ? 1 : dtypeBytes[ofStorage]);
  if (place.bytes !== expected) {
    throw new TensorError(
      `${fileName}: the storage of ${which} has ${place.bytes} bytes, expected ${expected}`,
      { hint: 'copy or download it again' },
    );
  }
  return { ...place, dtype };
}

function itemsOf({ items }: PickleDict | PickleCall): [PickleValue, PickleValue][] {
  return Array.from({ length: items.length / 2 }, (_, k) => [
    items[2 * k] as PickleValue,
    items[2 * k + 1] as PickleValue,
  ]);
}

/** One dict may be named a million times in a pickle, so each is looked through once. */
function tensorFinder(): (dict: PickleDict | PickleCall) => boolean {
  const known = new Map<PickleValue, boolean>();
  return (dict) => {
    const found = known.get(dict) ?? dict.items.some((item, place) => place % 2 === 1 && isTensor(item));
    known.set(dict, found);
    return found;
  };
}

const rebuilds = [REBUILD_TENSOR, REBUILD_TENSOR_OF_BYTES, REBUILD_PARAMETER];

const isTensor = (value: PickleValue | undefined): value is PickleCall =>
  isKind(value, 'call') && rebuilds.includes(value.name);

const isDict = (value: PickleValue): value is PickleDict | PickleCall =>
  isKind(value, 'dict') || (isKind(value, 'call') && value.name === ORDERED_DICT);

type Records = Extract<PickleValue, { readonly kind: string }>;

function isKind<Kind extends Records['kind']>(
  value: PickleValue | undefined,
  kind: Kind,
): value is Extract<Records, { readonly kind: Kind }> {
  return typeof value === 'object' && value !== null && value.kind === kind;
}

function wholeNumbers(value: PickleValue | undefined): number[] | undefined {
  if (!isKind(value, 'tuple')) return undefined;
  const { items } = value;
  return items.length <= 64 && items.every(isWhole) ? [...(items as readonly number[])] : undefined;
}

const isWhole = (value: PickleValue | undefined): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0;

function shown(value: PickleValue): string {
  if (typeof value === 'object' && value !== null) return `a ${value.kind}`;
  return excerpt(typeof value === 'bigint' ? Number(value) : value);
}

function odd(fileName: string, problem: string): TensorError {
  return new TensorError(`${fileName}: ${problem}, expected a state dict: tensors by their names`, {
    hint: 'save it by torch.save(model.state_dict(), FILE)',
  });
}
