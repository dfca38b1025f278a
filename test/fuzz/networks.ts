/** ONNX files of other programs, with sound ones to start from. */
import { importNetwork } from '../../src/engine/nn/imported/import-network.js';
import { recordedFile, recordings } from '../onnx/files.js';
import type { Decoder } from './fuzz.js';
import { below, type Dice, mutatedBytes, oneOf } from './mutate.js';

// A slice of a Buffer would be no copy.
const files = Object.keys(recordings).map((name) => new Uint8Array(recordedFile(name)));
/** Small ones more often: a change is likelier to be in the graph than in weights. */
const small = files.filter(({ length }) => length < 6_000);

function next(dice: Dice) {
  const file = oneOf(dice, dice() < 0.8 ? small : files);
  let input: Uint8Array = file;
  for (let times = below(dice, 4); times > 0; times--) input = mutatedBytes(dice, input);
  return { input, sound: input === file };
}

export const foreignNetworks: Decoder = {
  name: 'ONNX files of other programs',
  share: 1000,
  next,
  read: (input: Uint8Array) => importNetwork(input),
};
