import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { natsServer } from '../../../test/nats-server.js';
import { blobFolder } from '../blob-folder.js';
import { describeTransport, exampleDescription } from '../transport.contract.js';
import { openNatsCoordinator } from './coordinator.js';
import { takeLead } from './lead.js';
import { joinNats } from './participant.js';

describeTransport(
  'NATS with its object store',
  async () => {
    const server = await natsServer();
    const folder = await mkdtemp(join(tmpdir(), 'commonweight-'));
    const blobs = await blobFolder(join(folder, 'blobs'));
    const ends: { close(): Promise<void> }[] = [];
    const kept = <End extends { close(): Promise<void> }>(end: End) => {
      ends.push(end);
      return end;
    };
    return {
      async openCoordinator(reception) {
        const lead = await takeLead(server.url, exampleDescription.job);
        return kept(await openNatsCoordinator(reception, lead, { blobs }));
      },
      openParticipant: async (name) => kept(await joinNats(server.url, { name })),
      async close() {
        for (const end of ends) await end.close();
        await server.stop();
        await rm(folder, { recursive: true });
      },
    };
  },
  { fences: true },
);
