import { describe, expect, it } from 'vitest';
import { imageFacts } from '../../data/images/image-dataset.js';
import { mlp } from '../../engine/nn/models/mlp.js';
import { type ConfigurationInput, parseConfiguration } from '../../protocol/configuration/configuration.js';
import { distributedProblem } from '../../protocol/configuration/distributed-problem.js';
import { type Description, descriptionSchema } from '../../protocol/description.js';
import { PROTOCOL_VERSION } from '../../protocol/version.js';
import { compileFederation } from './compile-federation.js';
import { compileDescription, describeFederation } from './description.js';
import { namedParts } from './extensions.js';

const base: ConfigurationInput = {
  partition: { name: 'v' },
  model: { name: 'mlp', hidden: [4] },
  optimizer: { name: 'adam' },
  local: { epochs: 1 },
  rounds: 2,
};
const network = mlp({ classes: 3, hidden: [5] });

async function described(
  input: ConfigurationInput = base,
  own?: typeof network,
): Promise<{ compiled: ReturnType<typeof compileFederation>; description: Description }> {
  const configuration = parseConfiguration(input, 'test');
  const compiled = compileFederation(
    configuration,
    imageFacts([1, 4, 4], ['a', 'b', 'c']),
    namedParts(configuration, { network: own }, 'test'),
    'test',
  );
  const job = { job: '0123456789abcdef', participants: ['site-a', 'site-b'], version: '1.2.3' };
  const description = await describeFederation(compiled, job);
  // As it comes by the wire.
  return { compiled, description: descriptionSchema.parse(JSON.parse(JSON.stringify(description))) };
}

describe('a described federation', () => {
  it('is compiled to the same plan and the same initial weights, to the byte', async () => {
    const { compiled, description } = await described();
    const mine = await compileDescription(description);
    expect(mine.plan).toEqual(compiled.plan);
    expect(mine.initialState('site-a')).toEqual(compiled.initialState('site-a'));
  });

  it('has another hash with another network, optimizer or batch, and the same with another seed', async () => {
    const hashOf = async (input: Partial<ConfigurationInput>) =>
      (await described({ ...base, ...input })).description.plan;
    const plan = await hashOf({});
    expect(await hashOf({ seed: 5, rounds: 9 })).toBe(plan);
    const others = [
      await hashOf({ model: { name: 'mlp', hidden: [5] } }),
      await hashOf({ optimizer: { name: 'sgd', learningRate: 0.1 } }),
      await hashOf({ batchSize: 16 }),
      await hashOf({ correction: { name: 'fed-prox' } }),
    ];
    expect(new Set([plan, ...others]).size).toBe(5);
  });

  it('is refused with both versions when the plan comes out another', async () => {
    const { description } = await described();
    const changed = { ...description, plan: 'a'.repeat(64) };
    const refusal = compileDescription(changed, { version: '1.2.0' });
    await expect(refusal).rejects.toThrow(
      `the plan that was compiled here of commonweight 1.2.0 has the SHA-256 ${description.plan}, expected ${changed.plan}, that of the coordinator of commonweight 1.2.3`,
    );
    await expect(refusal).rejects.toHaveProperty(
      'hint',
      'install the same version of commonweight on both sides',
    );
  });

  it('is refused when the coordinator speaks another protocol', async () => {
    const { description } = await described();
    await expect(compileDescription({ ...description, protocol: 99 })).rejects.toThrow(
      `the coordinator of commonweight 1.2.3 speaks protocol 99, this participant ${PROTOCOL_VERSION}`,
    );
  });

  it('needs the network that a program brings, and knows it from another', async () => {
    const { description } = await described({ ...base, model: { name: 'custom' } }, network);
    expect(
      (await compileDescription(description, { extensions: { network } })).plan.layout[0]!.shape,
    ).toEqual([5, 16]);
    await expect(compileDescription(description)).rejects.toThrow('but no network is given');
    const another = compileDescription(description, {
      extensions: { network: mlp({ classes: 3, hidden: [6] }) },
    });
    await expect(another).rejects.toHaveProperty('hint', expect.stringContaining('very network'));
  });

  it('is refused when its settings contradict one another', async () => {
    const { description } = await described();
    const configuration = { ...description.configuration, participantsPerRound: 7 };
    await expect(compileDescription({ ...description, configuration })).rejects.toThrow(
      'the description of the federation: "participantsPerRound" is 7',
    );
  });

  it('does not know an initial model that only the coordinator has', async () => {
    const { description } = await described({ ...base, initialModel: 'b'.repeat(64) });
    const { initialState } = await compileDescription(description);
    expect(() => initialState('site-a')).toThrow('expected the coordinator to send it');
  });
});

describe('settings of one machine', () => {
  it.each([
    ['pooled', { pooled: true }],
    ['examples', { examples: 20 }],
    ['attack', { attack: { name: 'noise', attackers: 1 } }],
  ] as const)('are found: %s', async (field, settings) => {
    const input = { ...base, ...settings };
    const problem = distributedProblem(parseConfiguration(input, 'test'));
    expect(problem?.message).toMatch(new RegExp(`^"${field}" is set, which `));
    expect(problem?.hint).toContain(`"${field}"`);
    await expect(described(input)).rejects.toThrow(`a federation across machines: "${field}" is set`);
  });

  it('are no corrections, server optimizers, averages, samples or strategies', () => {
    const input: ConfigurationInput = {
      ...base,
      optimizer: { name: 'sgd', learningRate: 0.1 },
      correction: { name: 'scaffold' },
      server: { name: 'fed-adam' },
      average: { name: 'ema', decay: 0.9 },
      refit: { lambda: 0.1 },
      strategy: 'fisher-mean',
      participantsPerRound: 1,
      evaluateEvery: 2,
    };
    expect(distributedProblem(parseConfiguration(input, 'test'))).toBeUndefined();
  });
});
