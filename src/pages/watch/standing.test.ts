import { describe, expect, it } from 'vitest';
import type { Words } from '../../report/words.js';
import { isTrouble, type ParticipantStatus, standingOf, standingText, trainedPart } from './standing.js';

const ofImages: Words = { example: 'image', examples: 'images', units: 'images' };

const name = 'site-a';
const progress = { round: 1, activity: 'training', epoch: 2, epochs: 4, step: 5, steps: 10 } as const;
const text = (participant: ParticipantStatus) =>
  standingText(participant, (at) => at.slice(11, 19), ofImages);

describe('what a participant is doing', () => {
  it.each<[string, string, ParticipantStatus]>([
    ['training', 'training, epoch 2 of 4', { name, presence: 'here', progress }],
    ['waiting', 'waiting', { name, presence: 'here', progress: { round: 1, activity: 'waiting' } }],
    ['here', 'here', { name, presence: 'here' }],
    // What it did last is not what it does.
    ['gone', 'gone since 12:03:10', { name, presence: 'gone', since: '2030-01-01T12:03:10.000Z', progress }],
    ['left', 'left: has to sleep', { name, presence: 'left', reason: 'has to sleep' }],
    ['unknown', '–', { name, presence: 'unknown' }],
  ])('%s', (standing, words, participant) => {
    expect(standingOf(participant)).toBe(standing);
    expect(text(participant)).toBe(words);
  });

  it('is trouble if somebody is missing, but not if a run is over and it has everything', () => {
    const ways = ['gone', 'left', 'dropped', 'not joined', 'here'] as const;
    expect(ways.filter((way) => isTrouble(way, false))).toEqual(ways.slice(0, 4));
    expect(ways.filter((way) => isTrouble(way, true))).toEqual(ways.slice(1, 4));
  });

  it('is shown as a part of its training', () => {
    expect(trainedPart({ name, presence: 'here', progress })).toBe(0.375);
    expect(trainedPart({ name, presence: 'here', progress: { ...progress, activity: 'uploading' } })).toBe(
      undefined,
    );
    expect(trainedPart({ name, presence: 'gone', progress })).toBe(undefined);
    const { epoch: _, epochs: __, ...inSteps } = progress;
    expect(trainedPart({ name, presence: 'here', progress: inSteps })).toBe(0.5);
  });
});
