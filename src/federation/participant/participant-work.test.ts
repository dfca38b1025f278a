import { describe, expect, it } from 'vitest';
import {
  base,
  joined,
  name,
  newFolder,
  only,
  recordedRun,
  scaffold,
  scripted,
} from '../../../test/scripted-federation.js';
import type { ConfigurationInput } from '../../protocol/configuration/configuration.js';

describe('the work of a participant elsewhere has the bytes of `run`', () => {
  const cases: [string, ConfigurationInput][] = [
    [
      'in epochs, from independent weights',
      { ...base, initialWeights: 'independent', optimizer: { name: 'adam' } },
    ],
    ['with SCAFFOLD', scaffold],
    [
      'with the Fisher information, in rounds that are not all evaluated',
      { ...base, compare: ['fisher-mean'], evaluateEvery: 2, fisherExamples: 9 },
    ],
    [
      'in steps, in rounds that not all are drawn for, with augmented images',
      {
        ...base,
        ...{ partition: { name: 'iid', participants: 3 }, participantsPerRound: 2, rounds: 5 },
        ...{ local: { steps: 5 }, augmentation: { flip: true } },
      },
    ],
    ['until a threshold', { ...base, local: { epochs: 5, threshold: 0.5 }, evaluateEvery: 3 }],
  ];
  it.each(cases)('%s', async (_, input) => {
    const run = await recordedRun(input);
    const script = await scripted(input);
    const end = script.open();
    const { outcome } = joined(end, input, { folder: newFolder() });
    for (let round = 1; round <= input.rounds; round++) {
      const [before, control] = [run.models[round - 1], run.controls[round - 1]];
      const expected = run.updates.get(`${round} ${name}`);
      const model = await script.blobs.put(run.models[round]!);
      if (expected !== undefined) {
        await script.publish({
          ...{ type: 'train', round, ...only },
          ...(before && { base: await script.blobs.put(before) }),
          ...(control && { common: { control: await script.blobs.put(control) } }),
        });
        const { update, base: from } = await script.hears('update', round);
        expect(from).toBe(before && (await script.blobs.put(before)).sha256);
        const { state, attachments = {}, seconds: _seconds, ...told } = update;
        const { sha256, participant: _name, attachments: attached = {}, own, seconds, ...known } = expected;
        expect(state.sha256).toBe(sha256);
        const hashes = Object.entries(attachments).map(([method, blob]) => [method, blob.sha256]);
        expect(Object.fromEntries(hashes)).toEqual(attached);
        expect(told).toEqual(known);
      }
      const copied = run.copies.get(`${round} ${name}`);
      if (copied === undefined) continue;
      await script.publish({ type: 'evaluate', round, ...only, model });
      const { validation, examples } = await script.hears('evaluated', round);
      expect({ validation, examples }).toEqual({
        validation: copied,
        examples: input.partition.participants === 3 ? 2 : 3,
      });
    }
    const model = await script.blobs.put(run.models[input.rounds]!);
    await script.publish({ type: 'finished', reason: 'max-rounds', model });
    const finished = await outcome;
    expect(finished).toMatchObject({ type: 'finished', reason: 'max-rounds' });
    expect(Buffer.from((finished as { model: Uint8Array }).model)).toEqual(run.models[input.rounds]);
    await end.close();
  });
});
