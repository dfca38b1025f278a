import { describe, expect, it } from 'vitest';
import { base, joined, newFolder, only, scripted } from '../../../test/scripted-federation.js';
import type { Receipt } from '../../protocol/announcement.js';
import { decodeSafetensors } from '../../tensor/safetensors.js';
import { tensorView } from '../../tensor/state-dict.js';
import { TransportError } from '../../transport/error.js';
import type { ParticipantEnd } from '../../transport/transport.js';
import { compileDescription } from '../plan/description.js';
import { onlookersModel } from './final-model.js';
import { participantFolder } from './node/participant-folder.js';
import type { TakePartOutcome } from './take-part.js';

const input = { ...base, share: ['fc1.*'] };
const accepted: Receipt = { accepted: true };

/** An end whose process dies before it hears what became of its update. */
const dying = (end: ParticipantEnd): ParticipantEnd => ({
  ...end,
  async announce(announcement) {
    const receipt = await end.announce(announcement);
    if (announcement.type === 'update') throw new TransportError('killed');
    return receipt;
  },
});

const headOf = (outcome: TakePartOutcome) => {
  if (outcome.type !== 'finished') throw new Error('it has not finished');
  const { state } = decodeSafetensors(outcome.model as Uint8Array, 'its model');
  return [...tensorView(state, 'fc2.weight')];
};

/** What a participant is after one round, the evaluation of its copy and the end of the run. */
async function afterOneRound(killed: boolean, receipt: Receipt) {
  const script = await scripted(input);
  script.answer = ({ type }) => (type === 'update' ? receipt : accepted);
  const folder = newFolder();
  await script.publish({ type: 'train', round: 1, ...only });
  const first = joined(killed ? dying(script.open()) : script.open(), input, { folder });
  const { update } = await script.hears('update', 1);
  if (killed) await expect(first.outcome).rejects.toThrow('killed');
  const from = script.heard.length;
  const model = await script.blobs.put(await script.blobs.get(update.state.sha256));
  await script.publish({ type: 'evaluate', round: 1, ...only, model });
  const { outcome } = killed ? joined(script.open(), input, { folder }) : first;
  const { validation } = await script.hears('evaluated', 1, from);
  const said = script.heard.slice(from).map(({ type }) => type);
  await script.publish({ type: 'finished', reason: 'max-rounds', model });
  const names = decodeSafetensors(await script.blobs.get(model.sha256), 'update').state.layout;
  const finished = await outcome;
  /** What somebody has who looks on now, with what is kept in a folder. */
  const onlooks = async (of: string) => {
    const end = script.open();
    const compiled = await compileDescription(end.description);
    const { signal } = new AbortController();
    const assignment = { type: 'finished', epoch: 1, sequence: 9, reason: 'max-rounds', model } as const;
    const there = await participantFolder(of);
    return onlookersModel(end, only.waitingFor[0] as string, compiled, there, assignment, signal).finally(
      () => there.close(),
    );
  };
  return {
    validation,
    said,
    head: headOf(finished),
    sent: names.map(({ name }) => name),
    finished,
    onlooks,
    folder,
  };
}

describe('a participant’s own model', () => {
  it('has the tensors that stay here as the last update left them, and sends none of them', async () => {
    const { sent, said, head } = await afterOneRound(false, accepted);
    expect(sent).toEqual(['fc1.weight', 'fc1.bias']);
    expect(said).toEqual(['evaluated']);
    const refused = await afterOneRound(false, { accepted: false, reason: 'late', message: 'too late' });
    expect(head).not.toEqual(refused.head);
  });

  it('is there as a whole for somebody who only looks on, in a page before its start', async () => {
    const { finished, onlooks, folder } = await afterOneRound(false, accepted);
    if (finished.type !== 'finished') throw new Error('it has not finished');
    expect(await onlooks(folder)).toEqual(finished.model);
    // With nothing kept, its own tensors are those that everybody began with.
    const whole = decodeSafetensors((await onlooks(newFolder())) as Uint8Array, 'it').state;
    expect(whole.layout.map(({ name }) => name)).toContain('fc2.weight');
    expect(headOf(finished)).not.toEqual([...tensorView(whole, 'fc2.weight')]);
  });

  it.each<[string, Receipt]>([
    ['counts', accepted],
    ['does not count', { accepted: false, reason: 'late', message: 'too late' }],
  ])(
    'is the same where the participant was killed before it heard that its update %s',
    async (_, receipt) => {
      const [undisturbed, killed] = [await afterOneRound(false, receipt), await afterOneRound(true, receipt)];
      // It asks first, and evaluates then.
      expect(killed.said).toEqual(['joined', 'update', 'evaluated']);
      expect(killed.head).toEqual(undisturbed.head);
      expect(killed.validation).toEqual(undisturbed.validation);
    },
  );
});
