import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { commonweight, sample } from '../../../test/run-command.js';
import * as g from '../../engine/graph/build.js';
import { dense } from '../../engine/nn/layers/layers.js';
import type { Network } from '../../engine/nn/layers/network.js';
import { runFederation } from '../../federation/coordinator/run-federation.js';
import { serveFederation } from '../../federation/coordinator/serve-federation.js';
import { joinFederation } from '../../federation/participant/node/join-federation.js';
import { shareChoice } from '../../federation/plan/share-choice.js';
import type { ConfigurationInput } from '../../protocol/configuration/configuration.js';
import { joinHub } from '../../transport/hub/client/node/join-hub.js';
import { openTokens } from '../../transport/hub/server/guard/tokens.js';
import { type Hub, openHub } from '../../transport/hub/server/hub.js';

const cwd = mkdtempSync(join(tmpdir(), 'commonweight-foreign-'));
afterAll(() => rmSync(cwd, { recursive: true }));

/** Of a program's own code: the command line does not have it. */
const network: Network = (scope, images) => {
  const hidden = g.relu(dense(scope.in('hidden'), g.flatten(images), 8));
  return dense(scope.in('out'), hidden, 10);
};
const configuration: ConfigurationInput = {
  dataset: sample,
  partition: { name: 'v', participants: 2 },
  participants: ['site-a', 'site-b'],
  model: { name: 'custom' },
  optimizer: { name: 'adam' },
  local: { epochs: 1 },
  rounds: 2,
};

it('who joins a network of the coordinator’s own code is told what that means, and accepts its plan: the bytes are those of one machine', async () => {
  const out = join(cwd, 'run');
  let opened: (hub: Hub) => void = () => {};
  const hub = new Promise<Hub>((resolve) => {
    opened = resolve;
  });
  const tokens = await openTokens(join(cwd, 'tokens.json'));
  const serving = serveFederation(configuration, {
    ...{ out, extensions: { network }, workers: 1 },
    async open({ handlers, blobs, folder, modelBytes }) {
      const limits = { blobBytes: modelBytes };
      const uploadsFolder = join(folder, 'uploads');
      const end = await openHub(handlers, { blobs, uploadsFolder, tokens, limits });
      opened(end);
      return end;
    },
  });
  const { url } = (await Promise.race([hub, serving])) as Hub;
  const env = { COMMONWEIGHT_TOKEN: await tokens.issue({ role: 'participant', name: 'site-b' }) };
  const joined = (...flags: string[]) =>
    commonweight(['join', url, '--data', sample, '--partition', 'v:2/2', '--out', 'b', ...flags], {
      cwd,
      env,
    });

  const refused = await joined();
  expect(refused.status).toBe(2);
  expect(refused.stderr).toContain('"model.name" is "custom", which is the coordinator’s own code');
  expect(refused.stderr).toContain('joinFederation(end, name, { extensions: { network } })');
  expect(refused.stderr).toMatch(/--accept-foreign-plan: .*could copy them into what it calls weights/);
  const explained = await joined('--explain');
  expect(explained.status).toBe(0);
  expect(explained.stdout).toContain('"custom" is a network of the coordinator’s own code');

  const end = await joinHub(url, { token: await tokens.issue({ role: 'participant', name: 'site-a' }) });
  const [mine, accepted] = await Promise.all([
    joinFederation(end, 'site-a', {
      ...{ data: sample, choice: shareChoice('v:1/2'), folder: join(cwd, 'a') },
      extensions: { network },
    }).finally(() => end.close()),
    joined('--accept-foreign-plan'),
  ]);
  expect(accepted.stderr).toBe('');
  expect(accepted.status).toBe(0);
  await serving;
  await runFederation(configuration, { extensions: { network }, out: join(cwd, 'local'), workers: 1 });
  const model = readFileSync(join(cwd, 'local', 'model.safetensors'));
  expect(mine.type === 'finished' && model.equals(mine.model ?? new Uint8Array(0))).toBe(true);
  expect(model.equals(readFileSync(join(cwd, 'b', 'model.safetensors')))).toBe(true);
});
