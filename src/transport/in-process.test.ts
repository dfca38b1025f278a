import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { blobFolder } from './blob-folder.js';
import { inProcess } from './in-process.js';
import { describeTransport } from './transport.contract.js';

describeTransport(
  'in-process',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'commonweight-'));
    const transport = inProcess();
    const blobs = await blobFolder(join(folder, 'blobs'));
    return {
      openCoordinator: async (handlers) => transport.openCoordinator(handlers, blobs),
      openParticipant: async (name) => transport.openParticipant(name),
      close: () => rm(folder, { recursive: true }),
    };
  },
  { fences: true, signs: false },
);
