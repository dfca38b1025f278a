import { describe, expect, it } from 'vitest';
import { sampleParticipants } from './sampling.js';

const participants = Array.from({ length: 20 }, (_, i) => `p${i}`);
const rounds = Array.from({ length: 400 }, (_, i) => i + 1);
const drawn = (seed: number, round: number) => sampleParticipants(participants, { perRound: 5, seed }, round);

describe('the participants of a round', () => {
  it('are as many as asked for, each once, in the order of all', () => {
    for (const round of rounds) {
      const names = drawn(1, round);
      expect(names).toHaveLength(5);
      expect(names).toEqual(participants.filter((name) => names.includes(name)));
    }
  });

  it('depend on seed and round', () => {
    expect(drawn(1, 3)).toEqual(drawn(1, 3));
    expect(drawn(1, 3)).not.toEqual(drawn(1, 4));
    expect(drawn(1, 3)).not.toEqual(drawn(2, 3));
  });

  it('are everybody equally often', () => {
    const times = participants.map((name) => rounds.filter((round) => drawn(1, round).includes(name)).length);
    // 100 expected, with a deviation of 8.7.
    for (const count of times) expect(Math.abs(count - 100)).toBeLessThan(35);
  });

  it('are all where all are asked for', () => {
    expect(sampleParticipants(participants, { perRound: 20, seed: 0 }, 1)).toEqual(participants);
  });
});
