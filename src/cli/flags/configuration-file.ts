/**
 * Reads federation.yaml into plain values, which the schema of the configuration checks afterwards.
 */
import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import { reasonOf } from '../../base/node/reason.js';
import { datasetNames } from '../../data/images/node/load-dataset.js';
import { ConfigurationError } from '../../protocol/configuration/configuration.js';

/** @throws ConfigurationError when it cannot be read, is not YAML, or is not a group of settings */
export async function readConfigurationFile(file: string): Promise<Record<string, unknown>> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new ConfigurationError(`"${file}" cannot be read: ${reasonOf(cause)}`, { cause });
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
  return { ...value, ...datasetBeside(file, value as Record<string, unknown>) };
}

/** A folder in the file is relative to the file, wherever the command is run. */
function datasetBeside(file: string, { dataset }: Readonly<Record<string, unknown>>): { dataset?: string } {
  const isFolder = typeof dataset === 'string' && dataset !== 'none' && !datasetNames.includes(dataset);
  if (!isFolder || dataset === '' || isAbsolute(dataset) || dirname(file) === '.') return {};
  return { dataset: join(dirname(file), dataset) };
}

/** Resolves aliases, which may be too many. */
function toValue(document: ReturnType<typeof parseDocument>, file: string): unknown {
  try {
    return document.toJS();
  } catch (cause) {
    throw new ConfigurationError(`${file}: ${reasonOf(cause)}`, { cause });
  }
}
