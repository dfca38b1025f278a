/** Reads a given model to start from, from any file of weights. Node only. */
import { sha256Of } from '../../../base/node/sha256-of.js';
import { requireFinite } from '../../../engine/nn/model-file.js';
import {
  type Configuration,
  ConfigurationError,
  parseConfiguration,
} from '../../../protocol/configuration/configuration.js';
import { encodeSafetensors } from '../../../tensor/safetensors.js';
import { readWeights } from '../../../tensor/weights/node/read-weights.js';

export type InitialModel = Awaited<ReturnType<typeof readInitialModel>>;

/**
 * The configuration with the model to start from, if a file is given; the configuration then names
 * it.
 * @param source the name of the configuration in errors
 * @throws ConfigurationError when one of them cannot be read, or they do not fit together
 */
export async function configurationWith(
  input: unknown,
  init: string | undefined,
  source: string,
): Promise<{ readonly configuration: Configuration; readonly init: InitialModel | undefined }> {
  const model = init === undefined ? undefined : await readInitialModel(init);
  const named = { ...(input as object), ...(model && { initialModel: model.sha256 }) };
  const configuration = parseConfiguration(named, source);
  if (configuration.initialModel === undefined || model !== undefined) return { configuration, init: model };
  throw new ConfigurationError(
    `${source}: "initialModel" names a model to start from, but no file is given`,
    { hint: 'give the file with --init' },
  );
}

/**
 * @throws UnreadableError when it cannot be read; TensorError when it is no file of weights;
 * ModelFileError when it holds a number that is not finite.
 */
export async function readInitialModel(path: string) {
  const { state } = await readWeights(path);
  requireFinite(state, path);
  return { state, name: `"${path}"`, sha256: sha256Of(encodeSafetensors(state)) };
}
