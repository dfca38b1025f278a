/**
 * An operator goes back to an earlier round, and the coordinator dies at that moment; a participant
 * dies, too. A last layer stays with each participant, and what travels has half precision.
 */
import { join } from 'node:path';
import { expect } from 'vitest';
import { operateHub } from '../../src/transport/hub/client/node/operate-hub.js';
import { handedOut } from '../handed-out.js';
import { expectSameAsRun, type FederateOptions, federationYaml } from './federation.js';

/** @param folder a new one */
export async function expectGoesBack(folder: string, options: FederateOptions): Promise<void> {
  let asked: Promise<unknown> | undefined;
  const { coordinator } = await expectSameAsRun(
    folder,
    federationYaml(`rounds: 4
share: ["fc1.*"]
codec: { update: half, model: half }
`),
    {
      coordinator: [{ dieAt: 'journal: rolled-back .* synced', after() {} }],
      participant: ['own-tensors-1.* in place'],
    },
    {
      ...options,
      onOutput(text) {
        if (asked !== undefined || !/^round 2 {2}merged/m.test(text)) return;
        const url = /the hub listens on (\S+)\n/.exec(text)?.[1] ?? '';
        const { tokens } = handedOut(join(folder, 'coordinator'));
        // The coordinator dies before it answers.
        asked = operateHub(url, tokens.get('operator') ?? '', {})
          .rollback(1)
          .catch(() => undefined);
      },
    },
  );
  expect(coordinator.match(/^round 2 {2}merged/gm)).toHaveLength(2);
}
