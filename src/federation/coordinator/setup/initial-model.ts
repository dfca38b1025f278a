/** Reads a given model to start from, from any file of weights, or an ONNX file. Node only. */
import { sha256Of } from '../../../base/node/sha256-of.js';
import { requireFinite } from '../../../engine/nn/model-file.js';
import { networkOfFile } from '../../../engine/nn/network-of-file.js';
import { headScores, type ModelSettings } from '../../../engine/nn/settings.js';
import {
  type Configuration,
  ConfigurationError,
  parseConfiguration,
} from '../../../protocol/configuration/configuration.js';
import { encodeSafetensors } from '../../../tensor/safetensors.js';
import type { StateDict } from '../../../tensor/state-dict.js';
import { readWeights } from '../../../tensor/weights/node/read-weights.js';
import type { GivenModel } from '../../plan/initial-weights.js';
import { readOnnxModel } from './onnx-model.js';

export interface InitialModel extends GivenModel {
  readonly sha256: string;
}

export interface GivenConfiguration {
  readonly configuration: Configuration;
  readonly init: InitialModel | undefined;
  /** What a user should know about the model, a sentence each. */
  readonly notes: readonly string[];
}

/**
 * The configuration with the model to start from, if a file is given; the configuration then names
 * it. A network of an ONNX file is read, and begins with the values of that file by default.
 * @param source the name of the configuration in errors
 * @throws ConfigurationError when one of them cannot be read, or they do not fit together
 */
export async function configurationWith(
  input: unknown,
  init: string | undefined,
  source: string,
): Promise<GivenConfiguration> {
  const { model } = parseConfiguration(input, source);
  const read = model.name === 'onnx' && model.graph === undefined ? await readOnnxModel(model) : undefined;
  const settings = read?.model ?? model;
  const ofFile = read && init === undefined ? initialModel(read.state, `"${read.path}"`) : undefined;
  const given = init === undefined ? ofFile : await readInitialModel(init, settings);
  const named = {
    ...(input as object),
    ...(read && { model: read.model }),
    ...(given && { initialModel: given.sha256 }),
  };
  const configuration = parseConfiguration(named, source);
  const notes = read?.notes ?? [];
  if (configuration.initialModel === undefined || given !== undefined) {
    return { configuration, init: given && withNewHead(given, settings), notes };
  }
  throw new ConfigurationError(
    `${source}: "initialModel" names a model to start from, but no file is given`,
    {
      hint: `give ${settings.name === 'onnx' ? `"${settings.onnx}", or another file,` : 'the file'} with --init`,
    },
  );
}

/** What the seed draws: the new last layer, where the model lacks it. */
function withNewHead(given: InitialModel, model: ModelSettings): InitialModel {
  if (model.name !== 'onnx' || model.head === undefined) return given;
  const { head } = networkOfFile(model, headScores(model));
  const drawn = head.filter((name) => !given.state.layout.some((entry) => entry.name === name));
  return { ...given, drawn };
}

/**
 * @param model the network that is to begin with it
 * @throws UnreadableError when it cannot be read; TensorError when it is no file of weights;
 * OnnxError when it is an ONNX file that cannot be imported; ModelFileError when it holds a number
 * that is not finite.
 */
export async function readInitialModel(path: string, model: ModelSettings): Promise<InitialModel> {
  const isOnnx = model.name === 'onnx' && path.endsWith('.onnx');
  const { state } = isOnnx ? await readOnnxModel({ ...model, onnx: path }) : await readWeights(path);
  return initialModel(state, `"${path}"`);
}

function initialModel(state: StateDict, name: string): InitialModel {
  requireFinite(state, name);
  return { state, name, sha256: sha256Of(encodeSafetensors(state)) };
}
