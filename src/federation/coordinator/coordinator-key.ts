/**
 * The key by which participants recognize the coordinator of a run. It is drawn at the first start,
 * kept in the run's folder where only its owner can read it, and the same at every later start.
 * Anybody who has the file can speak for the coordinator. Node only.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { reasonOf } from '../../base/node/reason.js';
import { writeFileWhole } from '../../base/node/whole-file.js';
import { newSecretKey, type SecretKey } from '../../crypto/signing.js';
import { FederationError } from '../error.js';
import { cannotWrite } from '../record/write-result.js';

const FILE = 'coordinator.key';

/** @throws FederationError when the file cannot be read, or has no key */
export async function coordinatorKey(folder: string): Promise<SecretKey> {
  const file = join(folder, FILE);
  const known = await readKey(file);
  if (known !== undefined) return known;
  const text = `${Buffer.from(newSecretKey()).toString('hex')}\n`;
  // If two processes start at once, only one of them writes its key.
  await writeFileWhole(file, text, { mode: 0o600, exclusive: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw cannotWrite(file, error);
  });
  const kept = await readKey(file);
  if (kept === undefined) throw new FederationError(`"${file}" is gone as soon as it was written`);
  return kept;
}

async function readKey(file: string): Promise<SecretKey | undefined> {
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return undefined;
    throw new FederationError(`"${file}" cannot be read: ${reasonOf(cause)}`, { cause });
  });
  if (text === undefined) return undefined;
  if (/^[0-9a-f]{64}\n?$/.test(text)) return new Uint8Array(Buffer.from(text.trim(), 'hex'));
  throw new FederationError(`"${file}" is damaged, expected 64 hexadecimal digits`, {
    hint: 'put back what was there: participants know the coordinator by it, and refuse another key',
  });
}
