import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { expectSameAsRun, federationYaml } from './federation.js';

const root = mkdtempSync(join(tmpdir(), 'commonweight-damage-'));
afterAll(() => rmSync(root, { recursive: true }));

function flipBit(file: string): void {
  const bytes = readFileSync(file);
  bytes[bytes.length >> 1]! ^= 0x10;
  writeFileSync(file, bytes);
}

it('a federation comes to the bytes of `run` with bits that are flipped, and disks that are full now and then', async ({
  signal,
}) => {
  const folder = join(root, 'damaged');
  const inBlobs = () => join(folder, 'coordinator/blobs');
  const flipBlobs = () => {
    for (const name of readdirSync(inBlobs())) flipBit(join(inBlobs(), name));
  };
  const { coordinator, participant } = await expectSameAsRun(
    folder,
    federationYaml(),
    {
      coordinator: [
        { fullAt: 'journal: joined .*' },
        // Whatever has been uploaded by then.
        { dieAt: 'journal: update-received 1 .* synced', after: flipBlobs },
        // Now the model is all that is left.
        { dieAt: 'journal: copy-evaluated 1 .* begun', after: flipBlobs },
      ],
      participant: [{ fullAt: 'update-state.safetensors' }],
    },
    { signal },
  );
  expect(coordinator).toMatch(/environment-\d .*was damaged on the disk: it is asked for again/);
  expect(coordinator).toMatch(/blobs\/[0-9a-f]{64} was changed on the disk; it is copied/);
  expect(coordinator).toMatch(/"\S+journal.jsonl" cannot be written: no space is left on the disk/);
  expect(participant).toMatch(
    /"\S+update-state.safetensors" cannot be written: no space is left on the disk/,
  );
});
