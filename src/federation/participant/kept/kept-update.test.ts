import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  base,
  initialModel,
  joined,
  name,
  newFolder,
  only,
  recordedRun,
  scaffold,
  scripted,
} from '../../../../test/scripted-federation.js';
import { TransportError } from '../../../transport/error.js';
import type { ParticipantEnd } from '../../../transport/transport.js';
import { FederationError } from '../../error.js';

describe('a participant at the end of a run', () => {
  it('has the final model in its folder before it says goodbye', async () => {
    const script = await scripted(base);
    const folder = newFolder();
    let there: Buffer | undefined;
    script.answer = ({ type }) => {
      if (type === 'left') there = readFileSync(join(folder, 'model.safetensors'));
      return { accepted: true };
    };
    const { outcome } = joined(script.open(), base, { folder });
    const model = initialModel(script.description);
    await script.publish({ type: 'finished', reason: 'max-rounds', model: await script.blobs.put(model) });
    await outcome;
    expect(there).toEqual(Buffer.from(model));
  });
});

describe('a participant that is killed and comes back', () => {
  /** Dies when its update is announced: before the coordinator hears of it, or after. */
  function mortal(end: ParticipantEnd, heard: boolean): ParticipantEnd {
    return {
      ...end,
      async announce(announcement) {
        if (announcement.type !== 'update') return end.announce(announcement);
        if (heard) await end.announce(announcement);
        throw new TransportError('killed');
      },
    };
  }

  it.each([
    ['as it is', base],
    ['clipped and in half precision', { ...base, clipUpdate: 0.1, codec: { update: 'half' } }],
  ])('hands in what it had trained, %s', async (_, settings) => {
    const script = await scripted(settings);
    const folder = newFolder();
    await script.publish({ type: 'train', round: 1, ...only });
    const first = joined(mortal(script.open(), false), settings, { folder });
    await expect(first.outcome).rejects.toThrow('killed');
    const second = joined(script.open(), settings, { folder });
    const { update } = await script.hears('update', 1);
    await script.publish({ type: 'finished', reason: 'max-rounds' });
    await second.outcome;
    expect(second.events).toContainEqual({ type: 'trained', round: 1, kept: true });
    const { updates } = await recordedRun({ ...settings, rounds: 1 });
    expect(update.state.sha256).toBe(updates.get(`1 ${name}`)!.sha256);
  });

  it.each([
    ['of a damaged file', (folder: string) => writeFileSync(join(folder, 'update-state.safetensors'), 'x')],
    ['of a record cut short', (folder: string) => writeFileSync(join(folder, 'update.json'), '{"job":')],
  ])('trains again in place %s, to the same bytes', async (_, damage) => {
    const script = await scripted(base);
    const folder = newFolder();
    await script.publish({ type: 'train', round: 1, ...only });
    await expect(joined(mortal(script.open(), true), base, { folder }).outcome).rejects.toThrow('killed');
    const before = await script.hears('update', 1);
    damage(folder);
    const heard = script.heard.length;
    const second = joined(script.open(), base, { folder });
    const after = await script.hears('update', 1, heard);
    await script.publish({ type: 'finished', reason: 'max-rounds' });
    await second.outcome;
    expect(second.events).toContainEqual({ type: 'trained', round: 1, kept: false });
    expect(after.update.state).toEqual(before.update.state);
  });

  it('does not hand in for one model what it had trained from another', async () => {
    const script = await scripted(base);
    const folder = newFolder();
    await script.publish({ type: 'train', round: 1, ...only });
    await expect(joined(mortal(script.open(), false), base, { folder }).outcome).rejects.toThrow('killed');
    const model = await script.blobs.put(initialModel(script.description, 0.5));
    await script.publish({ type: 'train', round: 1, ...only, base: model });
    const second = joined(script.open(), base, { folder });
    expect((await script.hears('update', 1)).base).toBe(model.sha256);
    await script.publish({ type: 'finished', reason: 'max-rounds' });
    await second.outcome;
    expect(second.events).toContainEqual({ type: 'trained', round: 1, kept: false });
  });

  it.each([
    ['counted', true],
    ['did not count', false],
  ])('asks whether its last update counts, for SCAFFOLD’s c_k to follow it: it %s', async (_, counted) => {
    const run = await recordedRun(scaffold);
    const script = await scripted(scaffold);
    const folder = newFolder();
    await script.publish({ type: 'train', round: 1, ...only });
    await expect(joined(mortal(script.open(), true), scaffold, { folder }).outcome).rejects.toThrow('killed');
    script.answer = (announcement) =>
      announcement.type !== 'update' || announcement.round !== 1 || counted
        ? { accepted: true }
        : { accepted: false, reason: 'late', message: 'round 1 is closed' };
    const heard = script.heard.length;
    await script.publish({
      ...{ type: 'train', round: 2, ...only },
      base: await script.blobs.put(run.models[1]!),
      common: { control: await script.blobs.put(run.controls[1]!) },
    });
    const second = joined(script.open(), scaffold, { folder });
    const { update } = await script.hears('update', 2);
    expect(script.heard.slice(heard).map(({ type }) => type)).toEqual(['joined', 'update', 'update']);
    expect(update.state.sha256 === run.updates.get(`2 ${name}`)!.sha256).toBe(counted);
    await script.publish({ type: 'finished', reason: 'max-rounds' });
    await second.outcome;
  });

  it('has what it handed in until it trains for another round, should the coordinator lose it', async () => {
    const run = await recordedRun(scaffold);
    const script = await scripted(scaffold);
    const folder = newFolder();
    for (const kept of [false, true, true]) {
      const from = script.heard.length;
      await script.publish({ type: 'train', round: 1, ...only });
      const leaving = new AbortController();
      const { outcome, event, events } = joined(script.open(), scaffold, { folder, signal: leaving.signal });
      await event('answered');
      const { update } = await script.hears('update', 1, from);
      expect(update.state.sha256).toBe(run.updates.get(`1 ${name}`)!.sha256);
      expect(events).toContainEqual({ type: 'trained', round: 1, kept });
      leaving.abort();
      await outcome;
    }
    // c_k has followed it once.
    const from = script.heard.length;
    await script.publish({
      ...{ type: 'train', round: 2, ...only },
      base: await script.blobs.put(run.models[1]!),
      common: { control: await script.blobs.put(run.controls[1]!) },
    });
    const { outcome } = joined(script.open(), scaffold, { folder });
    const { update } = await script.hears('update', 2, from);
    expect(script.heard.slice(from).map(({ type }) => type)).toEqual(['joined', 'update']);
    expect(update.state.sha256).toBe(run.updates.get(`2 ${name}`)!.sha256);
    await script.publish({ type: 'finished', reason: 'max-rounds' });
    await outcome;
  });

  it('goes on with SCAFFOLD from start to start, and never without its folder', async () => {
    const run = await recordedRun(scaffold);
    const script = await scripted(scaffold);
    const folder = newFolder();
    for (const round of [1, 2, 3]) {
      const [model, control] = [run.models[round - 1], run.controls[round - 1]];
      await script.publish({
        ...{ type: 'train', round, ...only },
        ...(model && { base: await script.blobs.put(model) }),
        ...(control && { common: { control: await script.blobs.put(control) } }),
      });
      const leaving = new AbortController();
      const { outcome, event } = joined(script.open(), scaffold, { folder, signal: leaving.signal });
      await event('answered');
      const { update } = await script.hears('update', round);
      expect(update.state.sha256).toBe(run.updates.get(`${round} ${name}`)!.sha256);
      leaving.abort();
      await outcome;
    }
    // A coordinator whose journal was cut off.
    await script.publish({ type: 'train', round: 2, ...only, base: await script.blobs.put(run.models[1]!) });
    await expect(joined(script.open(), scaffold, { folder }).outcome).rejects.toThrow(
      'holds the control variate of "environment-1" after round 3, and round 2 is asked for once more',
    );
    await expect(joined(script.open(), scaffold).outcome).rejects.toThrow(FederationError);
    const another = { ...scaffold, job: 'f'.repeat(16) };
    const stranger = await scripted(scaffold);
    const end = stranger.open();
    const elsewhere = { ...end, description: { ...stranger.description, job: another.job } };
    await stranger.publish({ type: 'train', round: 1, ...only });
    await expect(joined(elsewhere, scaffold, { folder }).outcome).rejects.toThrow(
      'holds the control variate of "environment-1" in the federation 0123456789abcdef',
    );
  });
});
