import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  base,
  data,
  initialModel,
  joined,
  name,
  newFolder,
  only,
  scripted,
} from '../../../test/scripted-federation.js';
import { sha256Of } from '../../base/node/sha256-of.js';
import { imageDataset } from '../../data/images/image-dataset.js';
import type { Progress } from '../../protocol/announcement.js';
import { decodeSafetensors, encodeSafetensors } from '../../tensor/safetensors.js';
import { TransportError } from '../../transport/error.js';
import type { Assigned } from '../rounds/round.js';

describe('a participant', () => {
  it('says what it brings, and of its labels only where it is told to', async () => {
    const script = await scripted(base);
    const [silent, open] = [new AbortController(), new AbortController()];
    joined(script.open(), base, { signal: silent.signal });
    const { labelCounts, ...rest } = await script.hears('joined');
    expect(labelCounts).toBeUndefined();
    expect(rest).toMatchObject({
      ...{ examples: 27, validationExamples: 3 },
      runtime: expect.stringMatching(/^onnxruntime-node .*, cpu$/),
    });
    const from = script.heard.length;
    const { outcome } = joined(script.open(), base, { signal: open.signal, shareLabelCounts: true });
    const counts = (await script.hears('joined', undefined, from)).labelCounts!;
    expect(counts[0]! + counts[1]!).toBe(30);
    silent.abort();
    open.abort();
    expect(await outcome).toEqual({ type: 'left' });
  });

  it('remembers its data, and tells that they changed, and not how', async () => {
    const script = await scripted(base);
    const folder = newFolder();
    const labels = data.train.labels.map((label) => 1 - label);
    const said: (true | undefined)[] = [];
    const warned: boolean[] = [];
    const others = imageDataset({ ...data.train, labels });
    for (const own of [data.train, data.train, others, others]) {
      const leaving = new AbortController();
      const from = script.heard.length;
      const { outcome, events, event } = joined(script.open(), base, {
        ...{ signal: leaving.signal, folder, data: own },
        // A share of everything, so that its labels do not decide which examples are in it.
        choice: undefined,
      });
      const announcement = await script.hears('joined', undefined, from);
      said.push(announcement.dataChanged);
      expect(JSON.stringify(announcement)).not.toMatch(/[0-9a-f]{64}/);
      const assigned = event('assigned');
      await script.publish({ type: 'wait', round: 1 });
      await assigned;
      warned.push(events.some(({ type }) => type === 'data-changed'));
      leaving.abort();
      await outcome;
    }
    expect(said).toEqual([undefined, undefined, true, undefined]);
    expect(warned).toEqual([false, false, true, false]);
    expect(readFileSync(join(folder, 'data.json'), 'utf8')).toMatch(/"sha256":"[0-9a-f]{64}"/);
  });

  it('does nothing that is not asked of it', async () => {
    const script = await scripted(base);
    const { outcome, events, event } = joined(script.open(), base);
    const sees = async (assignment: Assigned) => {
      const seen = event('assigned');
      await script.publish(assignment);
      await seen;
    };
    await script.hears('joined');
    await sees({ type: 'train', round: 1, waitingFor: ['environment-2'] });
    await sees({ type: 'wait', round: 1 });
    await sees({ type: 'train', round: 1, ...only });
    const { update } = await script.hears('update', 1);
    await sees({ type: 'train', round: 1, waitingFor: ['environment-2'] });
    // The word of a coordinator that another has replaced.
    await script.publish({ type: 'train', round: 7, ...only }, 0);
    const model = await script.blobs.put(await script.blobs.get(update.state.sha256));
    await sees({ type: 'evaluate', round: 1, ...only, model });
    await script.hears('evaluated', 1);
    await script.publish({ type: 'finished', reason: 'failed', message: 'no disk' });
    expect(await outcome).toEqual({
      type: 'finished',
      reason: 'failed',
      message: 'no disk',
      model: undefined,
    });
    expect(script.heard.map(({ type }) => type)).toEqual(['joined', 'update', 'evaluated', 'left']);
    expect(events.filter(({ type }) => type === 'trained')).toHaveLength(1);
    const rounds = events.map((one) =>
      one.type === 'assigned' && 'round' in one.assignment ? one.assignment.round : 1,
    );
    expect(new Set(rounds)).toEqual(new Set([1]));
    expect(script.told.length).toBeGreaterThan(0);
  });

  it('answers once more what is asked for once more, for its answer was lost, but trains nothing twice', async () => {
    const script = await scripted(base);
    const { outcome, events, event } = joined(script.open(), base);
    await script.publish({ type: 'train', round: 1, ...only });
    const first = await script.hears('update', 1);
    for (const between of [undefined, 'wait', 'evaluate'] as const) {
      const from = script.heard.length;
      if (between !== undefined) {
        const seen = event('assigned');
        const model = await script.blobs.put(await script.blobs.get(first.update.state.sha256));
        if (between === 'wait') await script.publish({ type: 'wait', round: 1 });
        else await script.publish({ type: 'evaluate', round: 1, ...only, model });
        await seen;
        if (between === 'evaluate') await script.hears('evaluated', 1, from);
      }
      await script.publish({ type: 'train', round: 1, ...only });
      expect(await script.hears('update', 1, from)).toEqual(first);
    }
    await script.publish({ type: 'finished', reason: 'max-rounds' });
    await outcome;
    expect(events.filter((one) => one.type === 'trained').map(({ kept }) => kept)).toEqual([
      false,
      true,
      true,
      true,
    ]);
  });

  it('gives up its work for a newer assignment, and goes on with that', async () => {
    const steps = [
      { from: 1, steps: 5_000_000 },
      { from: 2, steps: 2 },
    ];
    const input = { ...base, local: { steps } };
    const script = await scripted(input);
    let started = () => {};
    const training = new Promise<void>((resolve) => {
      started = resolve;
    });
    const observer = {
      onProgress: ({ activity }: Progress) => activity === 'training' && started(),
    };
    const { outcome, events } = joined(script.open(), input, { observer });
    await script.publish({ type: 'train', round: 1, ...only });
    await training;
    const model = await script.blobs.put(initialModel(script.description));
    await script.publish({ type: 'train', round: 2, ...only, base: model });
    const { update } = await script.hears('update', 2);
    expect(update.steps).toBe(2);
    expect(events).toContainEqual({ type: 'given-up', round: 1, activity: 'train' });
    await script.publish({ type: 'finished', reason: 'stopped' });
    await outcome;
    expect(script.heard.map(({ type }) => type)).toEqual(['joined', 'update', 'left']);
  });

  it('takes a refusal as an answer, and goes on', async () => {
    const script = await scripted(base);
    script.answer = ({ type }) =>
      type === 'update'
        ? { accepted: false, reason: 'late', message: 'round 1 is closed' }
        : { accepted: true };
    const { outcome, events } = joined(script.open(), base);
    await script.publish({ type: 'train', round: 1, ...only });
    const { update } = await script.hears('update', 1);
    const model = await script.blobs.put(await script.blobs.get(update.state.sha256));
    await script.publish({ type: 'evaluate', round: 1, ...only, model });
    await script.hears('evaluated', 1);
    await script.publish({ type: 'finished', reason: 'max-rounds' });
    await outcome;
    expect(events).toContainEqual({
      type: 'answered',
      announcement: expect.objectContaining({ type: 'update', round: 1 }),
      receipt: { accepted: false, reason: 'late', message: 'round 1 is closed' },
    });
  });

  it('uploads once more what the coordinator has lost before it was announced', async () => {
    const script = await scripted(base);
    const lost: string[] = [];
    script.answer = (announcement) => {
      if (announcement.type !== 'update' || lost.length > 0) return { accepted: true };
      const { sha256 } = announcement.update.state;
      lost.push(sha256);
      rmSync(script.blobs.pathOf(sha256));
      return { accepted: false, reason: 'no-blob', message: 'it is not here' };
    };
    const { outcome } = joined(script.open(), base);
    await script.publish({ type: 'train', round: 1, ...only });
    await script.hears('update', 1);
    await script.hears('update', 1, script.heard.length);
    expect(await script.blobs.isSound(lost[0]!)).toBe(true);
    await script.publish({ type: 'finished', reason: 'stopped' });
    await outcome;
  });

  it('asks again for a model that is not there, until it is or a newer assignment comes', async () => {
    const script = await scripted(base);
    const { outcome, events } = joined(script.open(), base);
    const bytes = initialModel(script.description);
    const model = { sha256: sha256Of(bytes), bytes: bytes.length };
    await script.publish({ type: 'train', round: 2, ...only, base: model });
    await script.isTold('downloading');
    await script.publish({ type: 'evaluate', round: 1, ...only, model });
    await script.isTold('downloading', script.told.length);
    await script.blobs.put(bytes);
    await script.hears('evaluated', 1);
    await script.publish({ type: 'finished', reason: 'stopped' });
    await outcome;
    expect(events).toContainEqual({ type: 'given-up', round: 2, activity: 'train' });
    expect(script.heard.map(({ type }) => type)).toEqual(['joined', 'evaluated', 'left']);
  });

  it('ends when the coordinator does not let it in', async () => {
    const script = await scripted(base);
    script.answer = () => ({ accepted: false, reason: 'not-expected', message: 'its seat is taken' });
    const { outcome } = joined(script.open(), base);
    await expect(outcome).rejects.toThrow(
      'federation: the coordinator does not let "environment-1" take part: its seat is taken',
    );
  });

  it('leaves in the middle of its work when it is told to, and says so', async () => {
    const input = { ...base, local: { steps: 5_000_000 } };
    const script = await scripted(input);
    const leaving = new AbortController();
    const observer = {
      onProgress: ({ activity }: Progress) => activity === 'training' && leaving.abort(),
    };
    const { outcome } = joined(script.open(), input, { observer, signal: leaving.signal });
    await script.publish({ type: 'train', round: 1, ...only });
    expect(await outcome).toEqual({ type: 'left' });
    expect(script.heard.at(-1)).toEqual({ type: 'left' });
  });

  it.each([
    ['is not finite', Number.NaN, 'the model of round 2 that the coordinator offers'],
    ['is so far away that training diverges', 1e30, 'training diverges'],
  ])('says so where the model %s, waits, and goes on with another', async (_, value, expected) => {
    const script = await scripted(base);
    const { outcome, events } = joined(script.open(), base);
    const sound = decodeSafetensors(initialModel(script.description), 'model').state;
    const offer = async (data: Float32Array) =>
      script.blobs.put(encodeSafetensors({ layout: sound.layout, data }));
    const bad = await offer(sound.data.map((_, index) => (index % 5 === 0 ? value : 0)));
    await script.publish({ type: 'train', round: 2, ...only, base: bad });
    expect((await script.hears('failed', 2)).message).toContain(expected);
    const from = script.heard.length;
    // It does not try what would come to the same.
    await script.publish({ type: 'train', round: 2, ...only, base: bad, dropped: ['environment-2'] });
    await script.publish({ type: 'train', round: 1, ...only, rollbacks: [0], attempt: 2 });
    await script.hears('update', 1, from);
    expect(script.heard.slice(from).map(({ type }) => type)).toEqual(['joined', 'update']);
    expect(events.filter(({ type }) => type === 'diverged')).toHaveLength(1);
    await script.publish({ type: 'finished', reason: 'stopped' });
    expect(await outcome).toMatchObject({ type: 'finished' });
  });

  it('ends with a sentence when it is dropped', async () => {
    const script = await scripted(base);
    const { outcome } = joined(script.open(), base);
    await script.publish({ type: 'wait', round: 1, dropped: [name] });
    await expect(outcome).rejects.toThrow(`"${name}" was dropped from this run by its operator`);
  });

  it('refuses to begin with a model of other tensors', async () => {
    const script = await scripted(base);
    const { outcome } = joined(script.open(), base);
    const layout = [{ name: 'x', shape: [3], offset: 0, size: 3 }];
    const model = await script.blobs.put(encodeSafetensors({ layout, data: new Float32Array(3) }));
    await script.publish({ type: 'train', round: 1, ...only, base: model });
    await expect(outcome).rejects.toThrow('is missing');
    expect((await script.hears('failed', 1)).message).toContain(
      'the model of round 1 that the coordinator offers',
    );
  });

  it('refuses a model that is far too large before it is downloaded', async () => {
    const script = await scripted(base);
    const { outcome } = joined(script.open(), base);
    const model = { sha256: 'a'.repeat(64), bytes: 1e12 };
    await script.publish({ type: 'train', round: 1, ...only, base: model });
    await expect(outcome).rejects.toThrow('has 1000000000000 bytes, expected at most');
  });

  it('ends with the channel', async () => {
    const script = await scripted(base);
    const end = script.open();
    const { outcome } = joined(end, base);
    await script.hears('joined');
    await end.close();
    await expect(outcome).rejects.toBeInstanceOf(TransportError);
  });
});
