// A network of one's own, led over a hub, with a participant that does not have it: npx tsx
// examples/own-network-served.ts
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type JoinOptions,
  joinFederation,
  joinHub,
  openHub,
  openTokens,
  serveFederation,
} from 'commonweight/node';
import { stripeNet, stripes } from './own-network.js';

export async function ownNetworkServed() {
  const folder = await mkdtemp(join(tmpdir(), 'stripes-'));
  const tokens = await openTokens(join(folder, 'tokens.json'));

  // On three machines this is a program each, with data of its own.
  const participate = async (url: string, name: string, options: Partial<JoinOptions>) => {
    const end = await joinHub(url, { token: await tokens.issue({ role: 'participant', name }) });
    try {
      return await joinFederation(end, name, { data: stripes(name, 300), ...options });
    } finally {
      await end.close();
    }
  };
  const outcomes: ReturnType<typeof participate>[] = [];
  const { result } = await serveFederation(
    {
      dataset: 'none',
      imageShape: [1, 12, 12],
      classNames: ['—', '|'],
      partition: { name: 'own', participants: 2 },
      participants: ['has-it', 'accepts-it'],
      model: { name: 'custom' },
      optimizer: { name: 'adam', learningRate: 0.01 },
      batchSize: 16,
      local: { epochs: 5 },
      rounds: 3,
    },
    {
      extensions: { network: stripeNet },
      out: join(folder, 'run'),
      async open({ handlers, blobs, folder: run, operator }) {
        const hub = await openHub(handlers, {
          blobs,
          tokens,
          uploadsFolder: join(run, 'uploads'),
          operator,
        });
        outcomes.push(participate(hub.url, 'has-it', { extensions: { network: stripeNet } }));
        // It trusts the coordinator with its pictures: somebody else's graph is going to read them.
        outcomes.push(participate(hub.url, 'accepts-it', { acceptForeignPlan: true }));
        return hub;
      },
    },
  );
  const models = (await Promise.all(outcomes)).map((outcome) =>
    outcome.type === 'finished' ? outcome.model : undefined,
  );
  await rm(folder, { recursive: true });
  for (const { name, validation } of result.rounds.at(-1)?.copied ?? [])
    console.log(`${name}: ${(100 * (validation.accuracy ?? 0)).toFixed(1)}% of its own validation images`);
  return { result, models };
}

if (process.argv[1]?.endsWith('own-network-served.ts')) await ownNetworkServed();
