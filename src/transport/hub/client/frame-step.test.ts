import { describe, expect, it } from 'vitest';
import type { Description } from '../../../protocol/description.js';
import { descriptionHash } from '../../../protocol/description-hash.js';
import type { HubFrame } from '../../../protocol/frames.js';
import { described, signer } from '../../../protocol/signed.js';
import { coordinatorVoice } from '../../coordinator-voice.js';
import { exampleDescription, exampleSigner } from '../../transport.contract.js';
import { frameStep } from './frame-step.js';

const welcome = (description: Description, by = exampleSigner): HubFrame => ({
  type: 'welcome',
  participant: 'site-a',
  description: by.sign('description', described(1, description)),
  heartbeatMs: 1000,
});
const wait = (sequence: number): HubFrame => ({
  type: 'assignment',
  assignment: exampleSigner.sign('assignment', { type: 'wait', epoch: 1, sequence, round: 1 }),
});
const longer = {
  ...exampleDescription,
  configuration: {
    ...exampleDescription.configuration,
    rounds: exampleDescription.configuration.rounds + 1,
  },
} as Description;

describe('the step on a frame of the hub', () => {
  it('is the beginning for the first welcome, and to go on for one of the same federation', () => {
    const voice = coordinatorVoice({});
    for (const before of [undefined, exampleDescription]) {
      expect(frameStep(welcome(exampleDescription), voice, before)).toMatchObject({
        type: 'greeted',
        greeting: { participant: 'site-a', heartbeatMs: 1000, key: exampleSigner.key, epoch: 1 },
      });
    }
  });

  it('is the end where the run has another number of rounds now: the participant may join again', () => {
    const step = frameStep(welcome(longer), coordinatorVoice({}), exampleDescription);
    expect(step).toMatchObject({ type: 'end', error: { hint: 'join again', transient: true } });
    expect(frameStep(welcome(longer), coordinatorVoice({}), undefined).type).toBe('greeted');
  });

  it('is the end where anything else of the description is another now', () => {
    const { configuration } = exampleDescription;
    const changed = { ...exampleDescription, configuration: { ...configuration, batchSize: 7 } };
    const step = frameStep(welcome(changed), coordinatorVoice({}), exampleDescription);
    expect(step).toMatchObject({
      type: 'end',
      error: {
        message: expect.stringContaining(
          `${descriptionHash(changed)} now, it was ${descriptionHash(exampleDescription)}`,
        ),
        transient: true,
      },
    });
  });

  it('is a new connection for a description that is not rightly signed, once something has begun', () => {
    const { description, ...rest } = welcome(exampleDescription) as HubFrame & { type: 'welcome' };
    const forged = signer(new Uint8Array(32).fill(8), exampleDescription.job).sign('description', 1);
    const changed: HubFrame = { ...rest, description: { ...description, statement: forged.statement } };
    expect(frameStep(changed, coordinatorVoice({}), undefined).type).toBe('end');
    expect(frameStep(changed, coordinatorVoice({}), exampleDescription).type).toBe('reconnect');
  });

  it('leaves out an assignment that is older than the one before', () => {
    const voice = coordinatorVoice({});
    frameStep(welcome(exampleDescription), voice, undefined);
    const types = [2, 3, 1].map((sequence) => frameStep(wait(sequence), voice, exampleDescription).type);
    expect(types).toEqual(['assigned', 'assigned', 'nothing']);
  });
});
