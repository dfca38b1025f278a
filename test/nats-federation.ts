/** A job on a nats-server for tests: its coordinators and participants, closed at the end. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Receipt } from '../src/protocol/announcement.js';
import { blobFolder } from '../src/transport/blob-folder.js';
import {
  type NatsCoordinatorOptions,
  openNatsCoordinator,
} from '../src/transport/nats/coordinator/coordinator.js';
import { type LeadOptions, takeLead } from '../src/transport/nats/coordinator/take-lead.js';
import { joinNats, type NatsParticipantOptions } from '../src/transport/nats/participant/participant.js';
import { exampleDescription, exampleSigner } from '../src/transport/transport.contract.js';
import type { CoordinatorEnd, ParticipantEnd, SigningHandlers } from '../src/transport/transport.js';
import { type NatsServer, type NatsServerOptions, natsServer } from './nats-server.js';

export const JOB = exampleDescription.job;

export interface NatsFederation {
  readonly server: NatsServer;
  readonly folder: string;
  openCoordinator(
    handlers?: Partial<SigningHandlers>,
    options?: LeadOptions & Partial<NatsCoordinatorOptions>,
  ): Promise<CoordinatorEnd>;
  openParticipant(name: string, options?: Partial<NatsParticipantOptions>): Promise<ParticipantEnd>;
  /** Closed before the server is. */
  keep<End extends { close(): Promise<unknown> }>(end: End): End;
  close(): Promise<void>;
}

export async function natsFederation(options?: NatsServerOptions): Promise<NatsFederation> {
  const server = await natsServer(options);
  const folder = await mkdtemp(join(tmpdir(), 'commonweight-'));
  const blobs = await blobFolder(join(folder, 'blobs'));
  const ends: { close(): Promise<unknown> }[] = [];
  const keep = <End extends { close(): Promise<unknown> }>(end: End) => {
    ends.push(end);
    return end;
  };
  return {
    server,
    folder,
    keep,
    async openCoordinator(handlers = {}, others = {}) {
      const lead = await takeLead(server.url, exampleSigner, others);
      const whole = {
        ...{ description: exampleDescription, receive: accept, epoch: lead.epoch, signer: exampleSigner },
        ...handlers,
      };
      return keep(await openNatsCoordinator(whole, lead, { blobs, ...others }));
    },
    openParticipant: async (name, others = {}) => keep(await joinNats(server.url, { name, ...others })),
    async close() {
      await Promise.all(ends.map((end) => end.close()));
      await server.stop();
      await rm(folder, { recursive: true });
    },
  };
}

const accept = async (): Promise<Receipt> => ({ accepted: true });
