import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { blobFolder } from '../../../transport/blob-folder.js';
import { participantFolder } from './participant-folder.js';

const root = mkdtempSync(join(tmpdir(), 'commonweight-modes-'));
afterAll(() => rmSync(root, { recursive: true }));
const modeOf = (...path: string[]) => statSync(join(root, ...path)).mode & 0o777;

describe('who may read weights on a disk', () => {
  it('is the owner of a participant’s folder, whatever the umask allows', async () => {
    const folder = await participantFolder(join(root, 'new'));
    await folder.write('update.safetensors', new Uint8Array(10));
    await folder.close();
    expect([modeOf('new'), modeOf('new', 'update.safetensors')]).toEqual([0o700, 0o600]);
  });

  it('is the owner of its files where the folder was there before, which is left as it is', async () => {
    mkdirSync(join(root, 'old'));
    chmodSync(join(root, 'old'), 0o755);
    const folder = await participantFolder(join(root, 'old'));
    await folder.write('model.safetensors', new Uint8Array(10));
    await folder.close();
    expect([modeOf('old'), modeOf('old', 'model.safetensors')]).toEqual([0o755, 0o600]);
  });

  it('is the owner of the coordinator’s updates and models', async () => {
    await blobFolder(join(root, 'blobs'));
    expect(modeOf('blobs')).toBe(0o700);
  });
});
