/** The contract of every transport; `describeTransport` runs it against one. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pictureColumns } from '../../test/picture-columns.js';
import { sha256Of } from '../base/node/sha256-of.js';
import type { Announcement, Receipt } from '../protocol/announcement.js';
import type { Assignment } from '../protocol/assignment.js';
import { parseConfiguration } from '../protocol/configuration/configuration.js';
import type { Description } from '../protocol/description.js';
import { signer } from '../protocol/signed.js';
import { PROTOCOL_VERSION } from '../protocol/version.js';
import { broughtBlobs } from './brought.js';
import { type CoordinatorTrust, OtherKeyError } from './coordinator-voice.js';
import { FencedError, NoBlobError, TransportError } from './error.js';
import type { CoordinatorEnd, ParticipantEnd, SigningHandlers } from './transport.js';

/** One job, whose coordinator and participants come and go. */
export interface TransportHarness {
  /**
   * Opens it with the same blobs each time. The one before has been closed, unless a test is about
   * fencing.
   */
  openCoordinator(handlers: SigningHandlers): Promise<CoordinatorEnd>;
  openParticipant(name: string, trust?: CoordinatorTrust): Promise<ParticipantEnd>;
  close(): Promise<void>;
}

export interface TransportTraits {
  /** Whether two coordinators can run for one job, so that the later one wins. */
  readonly fences: boolean;
  /** Whether messages leave the process, and so are signed. */
  readonly signs: boolean;
}

export const exampleDescription: Description = {
  protocol: PROTOCOL_VERSION,
  job: '0123456789abcdef',
  configuration: parseConfiguration(
    {
      dataset: 'fashion-mnist',
      partition: { name: 'iid', participants: 2 },
      model: { name: 'mlp' },
      optimizer: { name: 'sgd', learningRate: 0.1 },
      local: { epochs: 1 },
      rounds: 2,
    },
    'contract',
  ),
  participants: ['site-a', 'site-b'],
  ...pictureColumns([1, 28, 28], ['zero', 'one']),
  plan: 'a'.repeat(64),
};

export const exampleSigner = signer(new Uint8Array(32).fill(7), exampleDescription.job);

/** Accepts everything. */
export const exampleHandlers: SigningHandlers = {
  ...{ description: exampleDescription, epoch: 1, signer: exampleSigner },
  receive: async () => ({ accepted: true }),
};

export const evaluated = (round: number, accuracy = 0.5): Announcement => ({
  type: 'evaluated',
  round,
  model: 'b'.repeat(64),
  validation: { accuracy },
  examples: 10,
});
const wait = (round: number, sequence = round, epoch = 1): Assignment => ({
  type: 'wait',
  epoch,
  sequence,
  round,
});
/** Bytes without a pattern that a hash or a codec could miss. */
export const randomBlob = (bytes: number, seed = 0) =>
  Uint8Array.from({ length: bytes }, (_, i) => ((i + seed) * 2654435761) >>> 13);

export function describeTransport(
  name: string,
  open: () => Promise<TransportHarness>,
  { fences, signs }: TransportTraits,
): void {
  describe(`the transport ${name}`, () => {
    let harness: TransportHarness;
    beforeEach(async () => {
      harness = await open();
    });
    afterEach(() => harness.close());

    /** Accepts everything, and remembers it. */
    function listener(answer: (announcement: Announcement) => Receipt = () => ({ accepted: true })) {
      const heard: [string, Announcement][] = [];
      const handlers: SigningHandlers = {
        ...exampleHandlers,
        async receive(participant, announcement) {
          heard.push([participant, announcement]);
          return answer(announcement);
        },
      };
      return { heard, handlers };
    }
    const next = async (assignments: AsyncIterator<Assignment>) => {
      const { value, done } = await assignments.next();
      expect(done).toBeFalsy();
      return value as Assignment;
    };
    const iterate = (end: ParticipantEnd) => end.assignments()[Symbol.asyncIterator]();

    it('tells a participant what the federation is about', async () => {
      await harness.openCoordinator(listener().handlers);
      const participant = await harness.openParticipant('site-a');
      expect(participant.description).toEqual(exampleDescription);
    });

    it('gives the current assignment first, then those that replace it, to everybody', async () => {
      const coordinator = await harness.openCoordinator(listener().handlers);
      await coordinator.publish(wait(1));
      const a = iterate(await harness.openParticipant('site-a'));
      expect(await next(a)).toEqual(wait(1));
      await coordinator.publish(wait(2));
      expect(await next(a)).toEqual(wait(2));
      // Who comes late sees only what is current.
      const b = iterate(await harness.openParticipant('site-b'));
      expect(await next(b)).toEqual(wait(2));
    });

    it('brings announcements with their sender, in the order of each, and receipts back', async () => {
      const { heard, handlers } = listener(({ type }) =>
        type === 'left'
          ? { accepted: false, reason: 'late', message: 'round 1 is closed' }
          : { accepted: true },
      );
      await harness.openCoordinator(handlers);
      const [a, b] = [await harness.openParticipant('site-a'), await harness.openParticipant('site-b')];
      const receipts = await Promise.all([
        a.announce(evaluated(1)),
        a.announce(evaluated(2)),
        b.announce(evaluated(3)),
        b.announce({ type: 'left' }),
      ]);
      expect(receipts.map(({ accepted }) => accepted)).toEqual([true, true, true, false]);
      expect(receipts[3]).toMatchObject({ reason: 'late', message: 'round 1 is closed' });
      const of = (who: string) => heard.filter(([name]) => name === who).map(([, what]) => what);
      expect(of('site-a')).toEqual([evaluated(1), evaluated(2)]);
      expect(of('site-b')).toEqual([evaluated(3), { type: 'left' }]);
    });

    it('notes who has sent a blob, and takes it for nobody else’s', async () => {
      const brought = broughtBlobs();
      const coordinator = await harness.openCoordinator({ ...listener().handlers, brought });
      const [a, b] = [await harness.openParticipant('site-a'), await harness.openParticipant('site-b')];
      const { sha256 } = await a.upload(randomBlob(5000));
      expect([brought.has('site-a', sha256), brought.has('site-b', sha256)]).toEqual([true, false]);
      await b.upload(randomBlob(5000));
      expect(brought.has('site-b', sha256)).toBe(true);
      expect(await coordinator.blobs.isSound(sha256)).toBe(true);
    });

    it('moves blobs both ways, to the byte', async () => {
      const coordinator = await harness.openCoordinator(listener().handlers);
      const participant = await harness.openParticipant('site-a');
      for (const bytes of [randomBlob(1), randomBlob(3_000_001)]) {
        const blob = await participant.upload(bytes);
        expect(blob).toEqual({ sha256: sha256Of(bytes), bytes: bytes.length });
        expect(sha256Of(await coordinator.blobs.get(blob.sha256))).toBe(blob.sha256);
        // Once more is as good as once.
        expect(await participant.upload(bytes)).toEqual(blob);
      }
      const model = await coordinator.blobs.put(randomBlob(2_000_003));
      await coordinator.publish({ type: 'evaluate', epoch: 1, sequence: 1, round: 1, waitingFor: [], model });
      expect(sha256Of(await participant.download(model))).toBe(model.sha256);
    });

    it('has the blobs that the description names before anything is asked for, and after', async () => {
      const { handlers } = listener();
      const first = await harness.openCoordinator(handlers);
      const plan = await first.blobs.put(randomBlob(70_001));
      const frozen = await first.blobs.put(randomBlob(50_003));
      await first.close();
      const description = { ...exampleDescription, foreignPlan: plan, frozen };
      const coordinator = await harness.openCoordinator({ ...handlers, description });
      const participant = await harness.openParticipant('site-a');
      expect(participant.description.foreignPlan).toEqual(plan);
      expect(sha256Of(await participant.download(plan))).toBe(plan.sha256);
      expect(sha256Of(await participant.download(frozen))).toBe(frozen.sha256);
      for (const round of [1, 2]) {
        const model = await coordinator.blobs.put(randomBlob(1000 * round));
        await coordinator.publish({
          type: 'evaluate',
          epoch: 1,
          sequence: round,
          round,
          waitingFor: [],
          model,
        });
      }
      expect(sha256Of(await participant.download(plan))).toBe(plan.sha256);
    });

    it('has the blobs of an announcement when it arrives', async () => {
      const arrived: boolean[] = [];
      const coordinator: CoordinatorEnd = await harness.openCoordinator({
        ...exampleHandlers,
        async receive(_, announcement) {
          if (announcement.type === 'update')
            arrived.push(await coordinator.blobs.has(announcement.update.state.sha256));
          return { accepted: true };
        },
      });
      const participant = await harness.openParticipant('site-a');
      const state = await participant.upload(randomBlob(100_000));
      const update = { state, examples: 1, epochs: 1, examplesSeen: 1, loss: 1, seconds: 1 };
      await participant.announce({ type: 'update', round: 1, update });
      expect(arrived).toEqual([true]);
    });

    it('refuses to download what the coordinator does not have', async () => {
      const coordinator = await harness.openCoordinator(listener().handlers);
      // Before that, a coordinator that has just come back may have it still to name.
      await coordinator.publish(wait(1));
      const participant = await harness.openParticipant('site-a');
      await expect(participant.download({ sha256: 'c'.repeat(64), bytes: 10 })).rejects.toThrow(NoBlobError);
    });

    it('lets nobody in who is not expected', async () => {
      await harness.openCoordinator(listener().handlers);
      await expect(harness.openParticipant('stranger')).rejects.toThrow(/stranger/);
    });

    it('says who is there and how far they are', async () => {
      const presence: [string, boolean][] = [];
      const progress = new Promise<[string, number | undefined]>((resolve, reject) => {
        void harness
          .openCoordinator({
            ...listener().handlers,
            onPresence: (...seen) => presence.push(seen),
            onProgress: (who, { step }) => resolve([who, step]),
          })
          .then(async () => {
            const participant = await harness.openParticipant('site-a');
            participant.tell({ round: 1, activity: 'training', step: 7 });
          })
          .catch(reject);
      });
      expect(await progress).toEqual(['site-a', 7]);
      expect(presence).toContainEqual(['site-a', true]);
    });

    it('goes on with a coordinator that comes back', async () => {
      const first = await harness.openCoordinator(listener().handlers);
      await first.publish(wait(1, 1));
      const participant = await harness.openParticipant('site-a');
      const assignments = iterate(participant);
      expect(await next(assignments)).toEqual(wait(1, 1));
      await first.close();
      // Said while nobody listens.
      const receipt = participant.announce(evaluated(1));
      const { heard, handlers } = listener();
      const second = await harness.openCoordinator(handlers);
      expect(await receipt).toEqual({ accepted: true });
      expect(heard.at(-1)).toEqual(['site-a', evaluated(1)]);
      await second.publish(wait(2, 2, 2));
      expect(await next(assignments)).toEqual(wait(2, 2, 2));
      const blob = await participant.upload(randomBlob(1000));
      expect(await second.blobs.has(blob.sha256)).toBe(true);
    });

    it('ends with the channel', async () => {
      const coordinator = await harness.openCoordinator(listener().handlers);
      const participant = await harness.openParticipant('site-a');
      const assignments = iterate(participant);
      const end = assignments.next();
      await coordinator.close();
      const unheard = participant.announce(evaluated(1));
      unheard.catch(() => undefined);
      await participant.close();
      expect((await end).done).toBe(true);
      await expect(unheard).rejects.toThrow(TransportError);
    });

    it.runIf(signs)('lets a participant know the coordinator by its key, and take no other', async () => {
      const coordinator = await harness.openCoordinator(listener().handlers);
      await coordinator.publish(wait(1));
      const { key } = exampleSigner;
      const unknowing = await harness.openParticipant('site-a');
      expect(unknowing.coordinator).toEqual({ key, isGiven: false, epoch: 1 });
      const coordinatorKey = signer(new Uint8Array(32).fill(8), exampleDescription.job).key;
      const refused = harness.openParticipant('site-b', { coordinatorKey });
      await expect(refused).rejects.toThrow(OtherKeyError);
      await expect(refused).rejects.toThrow(`the coordinator's key is ${key}, expected ${coordinatorKey}`);
      const knowing = await harness.openParticipant('site-b', { coordinatorKey: key });
      expect(knowing.coordinator).toMatchObject({ key, isGiven: true });
      expect(await next(iterate(knowing))).toEqual(wait(1));
    });

    it.runIf(signs).each([
      ['an older one', PROTOCOL_VERSION - 1],
      ['a newer one', 99],
    ])('says which version it is of, %s, whatever else it says of itself', async (_, protocol) => {
      const configuration = { ...exampleDescription.configuration, yesterday: 1 };
      const description = { ...exampleDescription, configuration, protocol, tomorrow: 1 };
      await harness.openCoordinator({ ...exampleHandlers, description });
      const joining = harness.openParticipant('site-a');
      await expect(joining).rejects.toThrow(
        `version ${protocol} of the protocol, expected ${PROTOCOL_VERSION}`,
      );
    });

    it.runIf(signs)('does not go back to an older assignment', async () => {
      const coordinator = await harness.openCoordinator(listener().handlers);
      await coordinator.publish(wait(2));
      const assignments = iterate(await harness.openParticipant('site-a'));
      expect(await next(assignments)).toEqual(wait(2));
      await coordinator.publish(wait(1));
      await coordinator.publish(wait(3));
      expect(await next(assignments)).toEqual(wait(3));
    });

    it.runIf(fences)('listens to the later of two coordinators', async () => {
      const fenced: Error[] = [];
      const first = await harness.openCoordinator({
        ...listener().handlers,
        onFenced: (error) => fenced.push(error),
      });
      await first.publish(wait(1, 1, 1));
      const participant = await harness.openParticipant('site-a');
      const { heard, handlers } = listener();
      const second = await harness.openCoordinator(handlers);
      await second.publish(wait(2, 2, 2));
      await expect(first.publish(wait(3, 3, 1))).rejects.toThrow(FencedError);
      await participant.announce(evaluated(2));
      expect(heard).toEqual([['site-a', evaluated(2)]]);
      expect(fenced).toHaveLength(1);
    });
  });
}
