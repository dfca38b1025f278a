/**
 * Encodes a run's state dicts as files, by their role. Updates and merged models are encoded by the
 * run's codec, as on the wire, so that a file has the same hash everywhere. All others are plain
 * numbers. A model's metadata describes it.
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
  /** @param base the model that an update began with, if the codec is not plain */
  encode(role: StateRole, state: StateDict, base?: StateDict): Uint8Array<ArrayBuffer>;
  decode(role: StateRole, bytes: Uint8Array, fileName: string, base?: StateDict): StateDict;
  /** The values after they are encoded and read again. */
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
 * The models that are copied to all participants. The average over rounds is not among them:
 * rounded in each round, it would stop changing.
 */
const isMerged = ({ type }: StateRole) => type === 'merged' || type === 'refitted';

/** Encodes all state dicts as plain numbers, without metadata. */
export const plainCoding: StateCoding = {
  encode: (_, state) => encodeSafetensors(state),
  decode: (_, bytes, fileName) => decodeSafetensors(bytes, fileName).state,
  asRead: (_, state) => state,
};
