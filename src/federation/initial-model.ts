/** A model of somebody's to start from, read from a file. Node only. */
import { readFile } from 'node:fs/promises';
import { reasonOf } from '../data/file-bytes.js';
import { requireFinite } from '../nn/model-file.js';
import { ConfigurationError } from '../protocol/configuration.js';
import { decodeSafetensors, encodeSafetensors } from '../tensor/safetensors.js';
import { sha256Of } from './run-folder.js';

/** @throws ConfigurationError when it cannot be read, or holds a number that is not finite. */
export async function readInitialModel(path: string) {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new ConfigurationError(`"${path}" cannot be read: ${reasonOf(cause)}`, { cause });
  });
  const { state } = decodeSafetensors(bytes, path);
  requireFinite(state, path);
  return { state, name: `"${path}"`, sha256: sha256Of(encodeSafetensors(state)) };
}
