/**
 * Models that are to be merged, brought to the same names and dtypes, whatever programs wrote them.
 * Prefixes of wrappers are taken off where names differ by them. A tensor that is tied to another
 * one in some models, and left out there, is read as that one. Of floating-point dtypes the wider
 * is taken.
 */
import type { Dtype } from '../../tensor/dtype.js';
import { isFloat, widerFloat } from '../../tensor/weights/float-dtypes.js';
import { prefixesToTake } from '../../tensor/weights/name-prefixes.js';
import type { TensorSource } from '../../tensor/weights/node/tensor-source.js';
import { tiedName } from '../../tensor/weights/node/tied-tensors.js';
import type { StoredTensor } from '../../tensor/weights/stored-tensor.js';
import { checkSameTensors } from '../memory/checks.js';

export interface AgreedModels {
  /** In the given order. */
  readonly models: readonly TensorSource[];
  /** In which each tensor is read, of all models. */
  readonly dtypes: ReadonlyMap<string, Dtype>;
  /** Sentences for the user. */
  readonly notes: readonly string[];
}

/**
 * @param models the first says what is expected
 * @param partial of them, those that may lack tensors: the models' names of the tensors that they
 * must have
 * @throws MergeError when names, shapes or kinds of numbers differ
 */
export function agreedModels(
  models: readonly TensorSource[],
  partial: readonly TensorSource[] = [],
  required: (tensor: StoredTensor) => boolean = () => true,
): AgreedModels {
  const opened = [...models, ...partial];
  const notes = [...new Set(opened.flatMap(({ notes }) => notes))];
  const named = withCommonNames(opened, notes);
  const whole = withTiedTensors(named.slice(0, models.length), notes);
  const others = named.slice(models.length);
  const [first] = whole as [TensorSource];
  for (const model of whole)
    checkSameTensors(describedAs(model, first), [...first.tensors.values()], `"${model.path}"`);
  for (const model of others) {
    const expected = [...first.tensors.values()].filter(required);
    const own = describedAs(model, first).filter(({ name }) => {
      const tensor = first.tensors.get(name);
      return tensor === undefined || required(tensor);
    });
    checkSameTensors(own, expected, `"${model.path}"`);
  }
  const all = [...whole, ...others];
  const dtypes = widestDtypes(all);
  return { models: all, dtypes, notes };
}

/** Floating-point dtypes may differ. */
function describedAs(model: TensorSource, first: TensorSource): readonly StoredTensor[] {
  if (model.tensors === first.tensors) return [...first.tensors.values()];
  return [...model.tensors.values()].map((tensor) => {
    const dtype = first.tensors.get(tensor.name)?.dtype;
    return dtype !== undefined && isFloat(dtype) && isFloat(tensor.dtype) ? { ...tensor, dtype } : tensor;
  });
}

function withCommonNames(models: readonly TensorSource[], notes: string[]): readonly TensorSource[] {
  const [first] = models as [TensorSource];
  if (models.every(({ tensors }) => sameNames(tensors, first.tensors))) return models;
  const prefixes = prefixesToTake(models.map(({ tensors }) => [...tensors.keys()]));
  return models.map((model, k) => {
    const prefix = prefixes[k] as string;
    if (prefix === '') return model;
    notes.push(`"${model.path}": names are taken without "${prefix}"`);
    const tensors = [...model.tensors.values()].map((tensor): [string, StoredTensor] => {
      const name = tensor.name.slice(prefix.length);
      return [name, { ...tensor, name }];
    });
    return { ...model, tensors: new Map(tensors) };
  });
}

const sameNames = (a: TensorSource['tensors'], b: TensorSource['tensors']) =>
  a === b || (a.size === b.size && [...a.keys()].every((name) => b.has(name)));

/** Adds to each model the tensors that only others have, if those say that they are tied. */
function withTiedTensors(models: readonly TensorSource[], notes: string[]): readonly TensorSource[] {
  const [first] = models as [TensorSource];
  if (models.every(({ tensors }) => sameNames(tensors, first.tensors))) return models;
  const names = new Set(models.flatMap(({ tensors }) => [...tensors.keys()]));
  const added = new Map(models.map((model) => [model, new Map(model.tensors)]));
  for (const name of names) {
    const have = models.filter(({ tensors }) => tensors.has(name));
    const lack = models.filter(({ tensors }) => !tensors.has(name));
    if (lack.length === 0) continue;
    const [as, ...others] = new Set(have.map((model) => tiedName(model, name, lack)));
    for (const model of lack) {
      // The format's own library notes in the metadata what it left out.
      const noted = model.metadata[name];
      const known = noted ?? (others.length === 0 ? as : undefined);
      const tensor = known === undefined ? undefined : model.tensors.get(known);
      if (tensor === undefined) continue;
      added.get(model)?.set(name, { ...tensor, name });
      notes.push(`"${model.path}" has no "${name}", which is tied to "${known}": the result has both`);
    }
  }
  return models.map((model) => {
    const tensors = added.get(model);
    return tensors === undefined || tensors.size === model.tensors.size ? model : { ...model, tensors };
  });
}

/** The dtype in which each tensor is read, where models differ. */
function widestDtypes(models: readonly TensorSource[]): ReadonlyMap<string, Dtype> {
  const [first] = models as [TensorSource];
  const dtypes = new Map<string, Dtype>();
  for (const model of models) {
    if (model.tensors === first.tensors) continue;
    for (const { name, dtype } of model.tensors.values()) {
      const known = dtypes.get(name) ?? first.tensors.get(name)?.dtype;
      if (known === undefined || known === dtype || !isFloat(known) || !isFloat(dtype)) continue;
      dtypes.set(name, widerFloat(known, dtype));
    }
  }
  return dtypes;
}
