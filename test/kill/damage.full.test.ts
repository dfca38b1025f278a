import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { expectSameAsRun, federationYaml } from './federation.js';

const root = mkdtempSync(join(tmpdir(), 'commonweight-damage-'));
afterAll(() => rmSync(root, { recursive: true }));

describe('a federation comes to the bytes of `run`', { timeout: 300_000 }, () => {
  it('with a journal that was damaged in its middle, and is cut off there', async ({ signal }) => {
    const folder = join(root, 'journal');
    const journal = join(folder, 'coordinator/journal.jsonl');
    const change = (by: (text: string) => string) =>
      writeFileSync(journal, by(readFileSync(journal, 'utf8')));
    await expectSameAsRun(
      folder,
      federationYaml(),
      {
        coordinator: [
          {
            dieAt: 'journal: copy-evaluated 2 .* synced',
            after: () => change((text) => text.replace(/"type":"merged".*"seconds":\d+/, '$&1')),
          },
          {
            names:
              /journal.jsonl": line \d+ is not as it was written: \{"type":"merged".*\n.* remove this line and all after it/,
            after: () => change((text) => text.slice(0, text.indexOf('{"type":"merged"'))),
          },
        ],
      },
      { signal },
    );
  });

  it('with a model of the coordinator in which a bit is flipped while it is down', async ({ signal }) => {
    const folder = join(root, 'model');
    const model = join(folder, 'coordinator/models/round-1.safetensors');
    const flipBit = () => {
      const bytes = readFileSync(model);
      bytes[bytes.length >> 1]! ^= 0x10;
      writeFileSync(model, bytes);
    };
    const dieAt = 'journal: update-received 2 .* synced';
    await expectSameAsRun(
      folder,
      federationYaml(),
      { coordinator: [{ dieAt, after: flipBit }, { fullAt: 'models/round-2.*' }] },
      { signal },
    );
  });

  it('with disks that are full wherever something is written', async ({ signal }) => {
    await expectSameAsRun(
      join(root, 'disks'),
      federationYaml(),
      {
        coordinator: [
          ...[
            'configuration.yaml',
            'job.json',
            'lease-\\d\\.json',
            'tokens.json',
            'journal: update-received 1 .*',
          ],
          ...['blobs/.*', 'rounds/.*', 'journal: merged 1', 'model.onnx', 'result.json'],
        ].map((fullAt) => ({ fullAt })),
        participant: ['update.json', 'model.safetensors'].map((fullAt) => ({ fullAt })),
      },
      { signal },
    );
  });

  it('with a disk that has no room for an upload, or for the log, for a while', async ({ signal }) => {
    const upload = await expectSameAsRun(
      join(root, 'upload'),
      federationYaml(),
      { coordinator: [{ survives: '[0-9a-f]{8}' }] },
      { signal },
    );
    expect(upload.coordinator).toMatch(/cannot keep \S+ of "environment-\d": no space is left on the disk/);
    await expectSameAsRun(
      join(root, 'log'),
      federationYaml(),
      { coordinator: [{ survives: 'coordinator.log' }] },
      { signal },
    );
    // What it could not write at first comes later.
    expect(readFileSync(join(root, 'log/coordinator/coordinator.log'), 'utf8')).toContain('the hub listens');
  });
});
