/** Names the files that a run has left in its folder. */
import type { RunResult } from '../../federation/record/run-result.js';
import { hasOwnParts } from '../../protocol/configuration/own-parts.js';

export function filesLeft({ settings, personal }: RunResult): string {
  const models = !hasOwnParts(settings)
    ? 'model.safetensors, model.onnx'
    : `model.safetensors (the shared tensors)${personal === undefined ? '' : ', personal (the model of each participant)'}`;
  return `${models}, metrics.csv, result.json, configuration.yaml`;
}

/** A file with a whole model; undefined if the participants have theirs elsewhere. */
export const wholeModel = ({ settings, model, personal }: RunResult): string | undefined =>
  hasOwnParts(settings) ? personal?.[0]?.file : model?.file;
