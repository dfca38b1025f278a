/** A hub in a folder of its own, which tests open, close and open again at the same address. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { happenings } from '../../../../test/until.js';
import { blobFolder } from '../../blob-folder.js';
import type { CoordinatorTrust } from '../../coordinator-voice.js';
import type { LogFields } from '../../log.js';
import { exampleHandlers } from '../../transport.contract.js';
import type { ParticipantEnd, SigningHandlers } from '../../transport.js';
import { joinHub } from '../client/node/join-hub.js';
import { openTokens, type Tokens } from './guard/tokens.js';
import { type Hub, type HubOptions, openHub } from './hub.js';

export interface LogLine extends LogFields {
  readonly message: string;
  readonly level: 'info' | 'warn' | 'error';
}

export type JoinTestHub = (
  url: string,
  options: CoordinatorTrust & { readonly token: string },
) => Promise<ParticipantEnd>;

export interface TestHub {
  readonly folder: string;
  readonly tokens: Tokens;
  /** The lines that have been logged so far. */
  readonly lines: LogLine[];
  open(options?: Partial<HubOptions>, handlers?: Partial<SigningHandlers>): Promise<Hub>;
  /** The hub that was opened last. */
  hub(): Hub;
  tokenOf(name: string): Promise<string>;
  /** Joins by Node's client, unless another is given. */
  join(name: string, by?: JoinTestHub, trust?: CoordinatorTrust): Promise<ParticipantEnd>;
  /** Resolves with the first line that matches. */
  logged(isIt: (line: LogLine) => boolean): Promise<LogLine>;
  close(): Promise<void>;
}

export async function testHub(always: Partial<HubOptions> = {}): Promise<TestHub> {
  const folder = await mkdtemp(join(tmpdir(), 'commonweight-hub-'));
  const tokens = await openTokens(join(folder, 'tokens.json'));
  const blobs = await blobFolder(join(folder, 'blobs'));
  const lines: LogLine[] = [];
  const { happened, until } = happenings();
  const keep = (level: LogLine['level']) => (fields: LogFields, message: string) => {
    lines.push({ ...fields, message, level });
    happened();
  };
  const log = { info: keep('info'), warn: keep('warn'), error: keep('error') };
  const ends: ParticipantEnd[] = [];
  const issued = new Map<string, string>();
  let hub: Hub | undefined;
  const current = () => {
    if (hub === undefined) throw new Error('no hub has been opened');
    return hub;
  };
  const tokenOf = async (name: string) => {
    const token = issued.get(name) ?? (await tokens.issue({ role: 'participant', name }));
    issued.set(name, token);
    return token;
  };
  return {
    folder,
    tokens,
    lines,
    async open(options = {}, handlers = {}) {
      hub = await openHub(
        {
          ...exampleHandlers,
          ...handlers,
        },
        {
          ...{ blobs, uploadsFolder: join(folder, 'uploads'), tokens, log, port: hub?.port ?? 0 },
          ...always,
          ...options,
        },
      );
      return hub;
    },
    hub: current,
    tokenOf,
    async join(name, by = joinHub, trust = {}) {
      const { url, fingerprint } = current();
      const end = await by(url, {
        ...{ token: await tokenOf(name), ...trust },
        ...(fingerprint !== undefined && { fingerprint }),
      });
      ends.push(end);
      return end;
    },
    logged: (isIt) => until(() => lines.find(isIt)),
    async close() {
      await Promise.all(ends.map((end) => end.close()));
      await hub?.close();
      await rm(folder, { recursive: true });
    },
  };
}
