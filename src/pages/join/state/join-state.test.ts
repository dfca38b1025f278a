import { describe, expect, it } from 'vitest';
import { joinStates } from '../../../../test/pages/join-states.js';
import { type JoinEvent, next, opening } from './join-state.js';
import { statusText } from './words.js';

const after = (...events: readonly JoinEvent[]) => events.reduce(next, opening);
const of = (name: string) => joinStates.get(name)!;

describe('what the page shows', () => {
  it('says in every state what is going on', () => {
    for (const [name, state] of joinStates) expect(statusText(state), name).toMatch(/^[A-Z].*[.…\w]$/);
    expect(statusText(of('training'))).toBe('Training in round 3 of at most 5, on this device.');
    expect(statusText(of('uploading'))).toBe('Sending the weights of round 3 of at most 5, 902.1 kB.');
    expect(statusText(of('waiting'))).toContain('Waiting for the others');
  });

  it('is what this device does, whatever is asked of others meanwhile', () => {
    const training = of('training');
    const { work } = next(training, { type: 'assigned', round: 3, activity: 'train', own: false });
    expect(work).toEqual(training.work);
    const later = next(training, { type: 'assigned', round: 4, activity: 'train', own: false });
    expect(later.work).toMatchObject({ round: 4, activity: 'waiting' });
  });

  it('puts together what comes of a round at different times', () => {
    const { rounds } = after(
      { type: 'round', round: { round: 2, own: { accuracy: 0.5 } } },
      { type: 'round', round: { round: 1, merged: { accuracy: 0.25 } } },
      { type: 'round', round: { round: 2, merged: { accuracy: 0.75 } } },
    );
    expect(rounds).toEqual([
      { round: 1, merged: { accuracy: 0.25 } },
      { round: 2, own: { accuracy: 0.5 }, merged: { accuracy: 0.75 } },
    ]);
  });

  it('keeps the newest of what went otherwise', () => {
    const events = [1, 2, 3, 4, 5, 6, 7].map((round): JoinEvent => ({ type: 'given-up', round }));
    const { notes } = after(...events);
    expect(notes).toHaveLength(5);
    expect(notes.at(-1)).toContain('Round 7');
  });

  it('asks for other data where this cannot be taken, and says why', () => {
    const { stage, dataProblem } = of('wrong data');
    expect(stage).toBe('choosing');
    expect(dataProblem?.hint).toContain('rename');
    const again = next(of('wrong data'), { type: 'commanded', command: { type: 'read', files: [] } });
    expect(again).toMatchObject({ stage: 'reading', dataProblem: undefined });
    // What was told of the files before comes too late.
    expect(next(of('wrong data'), { type: 'reading', done: 1, of: 2 }).stage).toBe('choosing');
  });

  it('says that there is no connection until there is one', () => {
    expect(of('waiting').trouble).toBe('the connection was lost');
    expect(next(of('waiting'), { type: 'connected' }).trouble).toBeUndefined();
  });

  it('shows the answer to the newest example only', () => {
    const prediction = { values: [1], pixels: new Uint8Array(1) };
    const asked = next(of('tried'), {
      type: 'commanded',
      command: { type: 'predict', id: 2, example: { sample: 0 } },
    });
    expect(next(asked, { type: 'prediction', id: 1, prediction }).trial).toEqual({ id: 2, type: 'asked' });
    expect(next(asked, { type: 'prediction', id: 2, prediction }).trial).toMatchObject({ type: 'answered' });
  });

  it('has nothing left of a federation that is forgotten, or taken up anew', () => {
    expect(of('forgotten')).toMatchObject({ data: undefined, rounds: [], finish: undefined });
    const command = { type: 'open', url: 'http://127.0.0.1:8470', token: 't' } as const;
    expect(next(of('replaced'), { type: 'commanded', command })).toEqual(opening);
  });
});
