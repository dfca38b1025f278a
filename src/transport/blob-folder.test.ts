import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { sha256Of } from '../base/node/sha256-of.js';
import { blobFolder } from './blob-folder.js';

const root = mkdtempSync(join(tmpdir(), 'commonweight-blobs-'));
afterAll(() => rmSync(root, { recursive: true }));
let folders = 0;
const newFolder = () => join(root, `${++folders}`);
const bytesOf = (text: string) => new TextEncoder().encode(text);

describe('a folder of blobs', () => {
  it('is swept of what was not whole when it is opened', async () => {
    const path = newFolder();
    const blob = await (await blobFolder(path)).put(bytesOf('whole'));
    writeFileSync(join(path, '0f8fad5b-d9cb-469f-a165-70867728950e.part'), 'who');
    await blobFolder(path);
    expect(readdirSync(path)).toEqual([blob.sha256]);
  });

  it('has a copy of its own of a file', async () => {
    const blobs = await blobFolder(newFolder());
    const file = join(root, 'model');
    writeFileSync(file, 'weights');
    const blob = await blobs.copy(file);
    expect(blob).toEqual({ sha256: sha256Of(bytesOf('weights')), bytes: 7 });
    writeFileSync(file, 'WEIGHTS');
    expect(await blobs.isSound(blob.sha256)).toBe(true);
    // A copy takes the place of one that is damaged.
    writeFileSync(blobs.pathOf(blob.sha256), 'wEights');
    writeFileSync(file, 'weights');
    await blobs.copy(file);
    expect(readFileSync(blobs.pathOf(blob.sha256), 'utf8')).toBe('weights');
  });

  it('has what it adopts once that is synced, and whoever asks for it waits', async () => {
    const path = newFolder();
    const blobs = await blobFolder(path);
    for (const [text, fails] of [
      ['kept', false],
      ['lost', true],
    ] as const) {
      const file = join(root, text);
      writeFileSync(file, text);
      const blob = { sha256: sha256Of(bytesOf(text)), bytes: 4 };
      let settle = () => {};
      const synced = new Promise<void>((resolve, reject) => {
        settle = fails ? () => reject(new Error('the disk is broken')) : resolve;
      });
      const adopted = blobs.adopt(file, blob, synced).then(
        () => 'adopted',
        (error: Error) => error.message,
      );
      const asked = blobs.has(blob.sha256);
      expect(await Promise.race([asked, setImmediate('nothing yet')])).toBe('nothing yet');
      expect(readdirSync(path)).not.toContain(blob.sha256);
      settle();
      expect(await adopted).toBe(fails ? 'the disk is broken' : 'adopted');
      expect(await asked).toBe(!fails);
    }
  });

  it('discards all but what is named', async () => {
    const path = newFolder();
    const blobs = await blobFolder(path);
    const [a] = [await blobs.put(bytesOf('a')), await blobs.put(bytesOf('b'))];
    await blobs.discardOthers(new Set([a.sha256, 'f'.repeat(64)]));
    expect(readdirSync(path)).toEqual([a.sha256]);
  });

  it('says what is at fault where it cannot be written', async () => {
    const path = newFolder();
    const blobs = await blobFolder(path);
    rmSync(path, { recursive: true });
    await expect(blobs.put(bytesOf('a'))).rejects.toThrow(
      `"${path}" cannot be written: there is no such file`,
    );
  });
});
