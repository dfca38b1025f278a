/**
 * The files of a run's state dicts, by what they are: updates and merged models in the form in
 * which they travel, so that a file has one hash wherever it lies; all else as plain numbers.
 * Models say in their metadata what they are.
 */
import { encodeModel, type ModelDescription, modelMetadata } from '../../engine/nn/model-file.js';
import { decodeSafetensors, encodeSafetensors } from '../../tensor/safetensors.js';
import type { StateDict, StateLayout } from '../../tensor/state-dict.js';
import type { Codecs } from '../../transforms/codec/codec.js';
import {
  asItArrives,
  decodeCodedModel,
  decodeState,
  encodeCodedModel,
  encodeState,
} from '../../transforms/codec/coded-file.js';
import { plain } from '../../transforms/codec/plain.js';
import type { StateRole } from '../rounds/run-store.js';

export interface StateCoding {
  /** @param base what an update began with, where its codec is not plain */
  encode(role: StateRole, state: StateDict, base?: StateDict): Uint8Array<ArrayBuffer>;
  decode(role: StateRole, bytes: Uint8Array, fileName: string, base?: StateDict): StateDict;
  /** What its file comes to when it is read. */
  asRead(role: StateRole, state: StateDict, base?: StateDict): StateDict;
}

export function stateCoding(layout: StateLayout, codec: Codecs, model: ModelDescription): StateCoding {
  return {
    encode(role, state, base) {
      if (isMerged(role)) return encodeCodedModel(state, codec.model, modelMetadata(model));
      if (role.type === 'average') return encodeModel(state, model);
      return role.type === 'update' ? encodeState(state, base, codec.update) : encodeSafetensors(state);
    },
    decode(role, bytes, fileName, base) {
      if (isMerged(role)) return decodeCodedModel(bytes, layout, codec.model, fileName);
      if (role.type !== 'update' || codec.update === plain) return decodeSafetensors(bytes, fileName).state;
      return decodeState(bytes, layout, base, codec.update, fileName);
    },
    asRead(role, state, base) {
      if (isMerged(role)) return asItArrives(state, undefined, codec.model);
      return role.type === 'update' ? asItArrives(state, base, codec.update) : state;
    },
  };
}

/**
 * What is copied to everybody. The average of many rounds is not: rounded each time it would stand
 * still.
 */
const isMerged = ({ type }: StateRole) => type === 'merged' || type === 'refitted';

/** All as plain numbers, without metadata. */
export const plainCoding: StateCoding = {
  encode: (_, state) => encodeSafetensors(state),
  decode: (_, bytes, fileName) => decodeSafetensors(bytes, fileName).state,
  asRead: (_, state) => state,
};
