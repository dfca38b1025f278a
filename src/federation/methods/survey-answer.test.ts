import { describe, expect, it } from 'vitest';
import { randomStream } from '../../base/random.js';
import { packAnswer, unpackAnswer } from './survey-answer.js';

describe('the file of an answer', () => {
  it('gives back every digit of its sums', () => {
    const random = randomStream('answers');
    const sums = [0, 1, -1, 1 / 3, 2 ** 53 - 1, 2 ** 60 + 2 ** 8, -(2 ** -40)];
    const answer = Float64Array.from([
      ...sums,
      ...Array.from({ length: 500 }, () => random.normal() * 2 ** (60 * random.uniform() - 20)),
    ]);
    expect(unpackAnswer(packAnswer(answer))).toEqual(answer);
  });
});
