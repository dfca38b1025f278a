/**
 * The merged model in a page: its facts, its files for other programs, and its answer for an
 * example. The answer is that of the ONNX file, which any program can run.
 */
import type { DataSettings } from '../../../data/settings.js';
import { byteTokenizer, type Tokenizer } from '../../../data/text/tokenizer.js';
import { cellInputs, exportInference } from '../../../engine/nn/export-inference.js';
import { modelLayoutOf, parametersOf } from '../../../engine/nn/layers/network.js';
import { decodeModel, ModelFileError, requireFinite } from '../../../engine/nn/model-file.js';
import { inputNamesOfFile } from '../../../engine/nn/network-of-file.js';
import type { Runtime, Session } from '../../../engine/runtime/runtime.js';
import { learnerOfModel } from '../../../federation/plan/learner.js';
import { predictedClass } from '../../../report/text/predictions.js';
import { arrangeState, layoutSize } from '../../../tensor/state-dict.js';
import type { DataSummary, ModelFacts, ModelFormat, Prediction, TriedExample } from '../state/messages.js';
import { triedPictures } from './shown/tried-pictures.js';
import { triedRows } from './shown/tried-rows.js';
import { triedText } from './shown/tried-text.js';
import type { Trying } from './shown/trying.js';

export interface TrainedModel {
  readonly facts: ModelFacts;
  /** The same bytes as in a run folder. */
  fileOf(format: ModelFormat): Uint8Array<ArrayBuffer>;
  /**
   * @param data what is shown of the participant's own data
   * @throws CommonweightError when the example cannot be read
   */
  predict(example: TriedExample, data: DataSummary | undefined): Promise<Prediction>;
}

/**
 * @param settings what the federation says about data; undefined for pictures by folders
 * @param tokenizer of texts, which are read as bytes by default
 * @throws CommonweightError when the file is not a model that this page knows
 */
export function trainedModel(
  safetensors: Uint8Array<ArrayBuffer>,
  settings: DataSettings | undefined,
  openRuntime: () => Promise<Runtime>,
  tokenizer: Tokenizer = byteTokenizer,
): TrainedModel {
  const source = 'the merged model';
  const { state, description } = decodeModel(safetensors, source);
  requireFinite(state, source);
  if (description === undefined || description.network.name === 'custom') {
    throw new ModelFileError(`${source} does not say which network it is of`);
  }
  const { network, inputs, task } = learnerOfModel(description, source);
  const layout = modelLayoutOf(parametersOf(network, inputs));
  const { data } = arrangeState(state, layout, source);
  const trained = {
    network,
    layout,
    inputs,
    task,
    columns: description.inputs,
    targets: description.targets,
  };
  let onnx: Uint8Array<ArrayBuffer> | undefined;
  const exported = () => {
    onnx ??= Uint8Array.from(exportInference({ ...trained, state: data }));
    return onnx;
  };
  /** With the names that the inputs have in the file of the network, if it is from one. */
  const named = () => {
    const inputNames = inputNamesOfFile(description.network, description.inputs, task);
    if (inputNames === undefined) return exported();
    return Uint8Array.from(exportInference({ ...trained, inputNames, state: data }));
  };
  const trying: Trying | undefined =
    triedPictures(description, settings) ??
    triedText(description, tokenizer) ??
    triedRows(description, settings?.kind === 'table' ? settings : undefined, () => cellInputs(trained));
  let session: Promise<Session> | undefined;
  return {
    facts: { parameters: layoutSize(layout), trial: trying?.facts },
    fileOf: (format) => (format === 'onnx' ? named() : safetensors),
    async predict(example, shown) {
      if (trying === undefined) throw new Error('internal: this page cannot try such a model');
      const { feeds, ...seen } = await trying.feeds(example, shown);
      session ??= openRuntime().then((runtime) => runtime.open(exported()));
      const { probabilities, prediction } = await (await session).run(feeds);
      const output = ((probabilities ?? prediction)?.data ?? []) as Float32Array;
      const values = Array.from(output);
      const { cutOff } = description;
      const classes = task.name === 'classification' && { predicted: predictedClass(values, cutOff), cutOff };
      return { ...(trying.answer?.(output) ?? { values }), ...classes, ...seen };
    },
  };
}
