/**
 * Reads federation.yaml into plain values, which the schema of the configuration checks afterwards.
 */
import { dirname, isAbsolute, join } from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import { hintOf, readText } from '../../base/node/read-text.js';
import { reasonOf } from '../../base/node/reason.js';
import { datasetNames } from '../../data/images/node/load-dataset.js';
import { SITES } from '../../data/settings.js';
import { ConfigurationError } from '../../protocol/configuration/configuration.js';

/** @throws ConfigurationError when it cannot be read, is not YAML, or is not a group of settings */
export async function readConfigurationFile(file: string): Promise<Record<string, unknown>> {
  const text = await readText(file).catch((cause: unknown) => {
    throw new ConfigurationError(`"${file}" cannot be read: ${reasonOf(cause)}`, { cause, ...hintOf(cause) });
  });
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const problem = document.errors[0];
  if (problem !== undefined) {
    const { line, col } = lines.linePos(problem.pos[0]);
    throw new ConfigurationError(`${file}: line ${line}, column ${col}: ${problem.message}`, {
      hint: 'expected YAML: "name: value", with groups indented alike',
    });
  }
  const value: unknown = toValue(document, file);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const got = value === null ? 'empty' : Array.isArray(value) ? 'a list' : 'one value';
    throw new ConfigurationError(`${file}: it is ${got}, expected settings such as "rounds: 3"`, {
      hint: 'commonweight help run shows a small example',
    });
  }
  return { ...value, ...dataBeside(file, value as Record<string, unknown>) };
}

/** Folders and files in the file are relative to it, wherever the command is run. */
function dataBeside(file: string, { dataset, data, model }: Readonly<Record<string, unknown>>) {
  const { sites: listed, test, tokenizer } = (data ?? {}) as Readonly<Record<string, unknown>>;
  const files = {
    ...(test !== undefined && { test: beside(file, test) }),
    ...(tokenizer !== undefined && { tokenizer: beside(file, tokenizer) }),
  };
  const places = Array.isArray(data) ? data : listed;
  const isPlace = typeof dataset === 'string' && ![...datasetNames, 'none', SITES].includes(dataset);
  const sites = Array.isArray(places) ? places.map((place) => beside(file, place)) : undefined;
  return {
    ...(isPlace && { dataset: beside(file, dataset) }),
    ...(isOnnx(model) && { model: { ...model, onnx: beside(file, model.onnx) } }),
    ...((sites !== undefined || Object.keys(files).length > 0) && {
      data: Array.isArray(data) ? sites : { ...(data as object), ...(sites && { sites }), ...files },
    }),
  };
}

/** A network of a file, which has not been read yet. */
const isOnnx = (model: unknown): model is { readonly onnx: unknown } =>
  typeof model === 'object' && model !== null && 'onnx' in model && !('graph' in model);

const beside = (file: string, place: unknown) =>
  typeof place !== 'string' || place === '' || isAbsolute(place) || dirname(file) === '.'
    ? place
    : join(dirname(file), place);

/** Resolves aliases, which may be too many. */
function toValue(document: ReturnType<typeof parseDocument>, file: string): unknown {
  try {
    return document.toJS();
  } catch (cause) {
    throw new ConfigurationError(`${file}: ${reasonOf(cause)}`, { cause });
  }
}
