import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Announcement, Receipt } from '../../protocol/announcement.js';
import { exampleDescription } from '../../transport/transport.contract.js';
import { joinDisplay } from './join-display.js';

const { rounds } = exampleDescription.configuration;
beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => void vi.useRealTimers());

function shown() {
  const lines: string[] = [];
  const display = joinDisplay((line) => lines.push(line));
  display.onStart('site-a', exampleDescription);
  return { display, lines, since: () => lines.splice(0) };
}
const answered = (type: 'update' | 'joined', receipt: Receipt) =>
  ({ type: 'answered', announcement: { type, round: 2 } as Announcement, receipt }) as const;

describe('what a participant is told', () => {
  it('of its work, a line for each thing that is done', () => {
    const { display, since } = shown();
    expect(since()).toEqual([
      expect.stringMatching(/^connected as site-a, with 1 other expected: mlp, at most /),
      expect.stringMatching(/description of the federation .*SHA-256 [0-9a-f]{64}$/),
    ]);
    display.onEvent?.({ type: 'trained', round: 2, kept: false });
    display.onEvent?.({ type: 'trained', round: 2, kept: true });
    display.onEvent?.(answered('update', { accepted: true }));
    display.onEvent?.(answered('joined', { accepted: true }));
    display.onEvent?.({
      type: 'answered',
      announcement: { type: 'contributed', round: 1, phase: 'survey' },
      receipt: { accepted: true },
    });
    display.onEvent?.({ type: 'evaluated', round: 2, validation: { accuracy: 0.5 } });
    display.onEvent?.({ type: 'given-up', round: 2, activity: 'train' });
    display.onEvent?.(answered('update', { accepted: false, reason: 'late', message: 'round 2 is closed' }));
    expect(since()).toEqual([
      `round 2 of ${rounds}  trained`,
      `round 2 of ${rounds}  trained before`,
      `round 2 of ${rounds}  handed in`,
      expect.stringContaining('answered the survey'),
      `round 2 of ${rounds}  the merged model on own validation examples: 50.00%`,
      `round 2 of ${rounds}  was closed without this participant`,
      'the coordinator refuses: round 2 is closed',
    ]);
  });

  it('of its training now and then', () => {
    const { display, since } = shown();
    since();
    const progress = { round: 1, activity: 'training', epoch: 2, epochs: 3, step: 4, steps: 5 } as const;
    display.onProgress?.({ ...progress, examplesPerSecond: 1234.5, loss: 0.12345 });
    vi.advanceTimersByTime(10_000);
    display.onProgress?.({ round: 1, activity: 'uploading' });
    expect(since()).toEqual([]);
    display.onProgress?.({ ...progress, examplesPerSecond: 1234.5, loss: 0.12345 });
    display.onProgress?.(progress);
    vi.advanceTimersByTime(10_000);
    display.onProgress?.({ round: 1, activity: 'training', epoch: 1, epochs: 1, step: 4, steps: 5 });
    expect(since()).toEqual([
      `round 1 of ${rounds}  training: epoch 2 of 3, step 4 of 5, 1,235 images/s, loss 0.123`,
      `round 1 of ${rounds}  training: step 4 of 5`,
    ]);
  });

  it('of a connection that fails, once for each reason, and of its return', () => {
    const { display, since } = shown();
    since();
    display.onConnected();
    for (const reason of ['refused', 'refused', 'reset']) display.onTrouble(reason);
    display.onConnected();
    display.onConnected();
    display.onTrouble('refused');
    expect(since()).toEqual([
      'no connection: refused; trying again',
      'no connection: reset; trying again',
      'connected again',
      'no connection: refused; trying again',
    ]);
  });

  it('of the end, with why and where the model is', () => {
    const { display, since } = shown();
    since();
    display.onFinished(
      { type: 'finished', reason: 'stopped', message: undefined, model: undefined },
      undefined,
    );
    const failed = {
      type: 'finished',
      reason: 'failed',
      message: 'the disk is full',
      model: undefined,
    } as const;
    display.onFinished(failed, 'runs/model.safetensors');
    expect(since()).toEqual([
      'the run is over: an operator has stopped it',
      'the run is over: the disk is full',
      'the final model: runs/model.safetensors',
    ]);
  });
});
