/**
 * Reads the ONNX file that settings name: the values of its weights, and its graph without them,
 * which takes the place of the file in the settings. Weights may lie in files beside it (external
 * data), in its own folder. Node only.
 */
import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { reasonOf } from '../../../base/node/reason.js';
import { sha256Of } from '../../../base/node/sha256-of.js';
import { importNetwork } from '../../../engine/nn/imported/import-network.js';
import { importOptions } from '../../../engine/nn/network-of-file.js';
import { headScores, MOST_GRAPH_BYTES, type OnnxSettings } from '../../../engine/nn/settings.js';
import { withoutWeights } from '../../../engine/onnx/import/file/without-weights.js';
import { besideModel } from '../../../engine/onnx/import/node/read-beside.js';
import { ConfigurationError } from '../../../protocol/configuration/configuration.js';
import type { StateDict } from '../../../tensor/state-dict.js';

export interface OnnxModel {
  readonly path: string;
  /** With the graph and the hash of the file, and without its place. */
  readonly model: OnnxSettings;
  /** Without a last layer that is to be a new one. */
  readonly state: StateDict;
  readonly notes: readonly string[];
}

/** Protobuf has no larger messages. */
const MOST_FILE_BYTES = 2 ** 31 - 1;

/**
 * @throws ConfigurationError when the file cannot be read, or its graph is too large
 * @throws OnnxError when it cannot be imported; it names the node
 */
export async function readOnnxModel(model: OnnxSettings): Promise<OnnxModel> {
  const path = model.onnx;
  const bytes = await bytesOf(path);
  // How many scores a new last layer has is known with the data; its values are not in the state.
  const options = importOptions(model, headScores(model));
  const imported = importNetwork(bytes, { ...options, readBeside: besideModel(path) });
  const graph = withoutWeights(bytes, new Set(imported.stored), `"${path}"`);
  if (graph.length > MOST_GRAPH_BYTES) {
    throw new ConfigurationError(
      `"${path}": its graph has ${graph.length} bytes without its weights, expected at most ${MOST_GRAPH_BYTES}`,
      { hint: 'export the model with its weights as initializers, not as constants' },
    );
  }
  const settings = { ...model, onnx: basename(path), sha256: sha256Of(bytes) };
  return {
    path,
    model: { ...settings, graph: Buffer.from(graph).toString('base64') },
    state: imported.state,
    notes: imported.notes.map((note) => `"${path}": ${note}`),
  };
}

async function bytesOf(path: string): Promise<Uint8Array> {
  const unreadable = (cause: unknown) =>
    new ConfigurationError(`"model.onnx": "${path}" cannot be read: ${reasonOf(cause)}`, {
      cause,
      hint: 'check the path, which is relative to the file of the settings',
    });
  const found = await stat(path).catch((cause: unknown) => {
    throw unreadable(cause);
  });
  if (!found.isFile() || found.size > MOST_FILE_BYTES) {
    throw new ConfigurationError(
      `"model.onnx": "${path}" is ${found.isFile() ? `a file of ${found.size} bytes` : 'not a file'}, expected an ONNX file of at most ${MOST_FILE_BYTES}`,
      { hint: 'export the model with its weights in a file beside it (external data)' },
    );
  }
  return readFile(path).catch((cause: unknown) => {
    throw unreadable(cause);
  });
}
