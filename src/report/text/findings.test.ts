import { describe, expect, it } from 'vitest';
import { type RecordedRunParts, recordedRun } from '../../../test/recorded-run.js';
import { type Finding, findings } from './findings.js';

const about = (topic: Finding['topic'], parts: RecordedRunParts) =>
  findings(recordedRun(parts))
    .filter((finding) => finding.topic === topic)
    .map(({ text }) => text);

/** Two participants of which the second stays behind, in three rounds. */
const behind: RecordedRunParts = {
  configuration: { reference: 0.9, compare: ['max'] },
  rounds: [
    { own: [0.9, 0.85], copies: [0.9, 0.8], ownTest: [0.88, 0.87], merged: { mean: 0.86, max: 0.5 } },
    { own: [0.92, 0.88], copies: [0.92, 0.83], ownTest: [0.89, 0.88], merged: { mean: 0.89, max: 0.88 } },
    { own: [0.93, 0.9], copies: [0.93, 0.86], ownTest: [0.9, 0.89], merged: { mean: 0.91, max: 0.75 } },
  ],
};
const details = {
  round: 3,
  sha256: 'a'.repeat(64),
  participants: ['environment-1', 'environment-2'],
  drift: {
    norms: [1, 2],
    cosines: [
      [1, 0.5],
      [0.5, 1],
    ],
  },
  test: {
    examples: 30,
    confusion: {
      own: {},
      merged: {
        mean: [
          [10, 0, 0],
          [5, 5, 0],
          [2, 0, 8],
        ],
      },
    },
    decided: { kept: [2, 10, 11], missed: [3, 4, 0], gained: [], lost: [] },
  },
};

describe('the last participant below the reference', () => {
  it('is named, with how far below the reference, what the merge costs, and the trend', () => {
    expect(about('held back', behind)).toEqual([
      expect.stringMatching(
        /^environment-2 .* in round 3 .* 86\.00% .* 4\.00 points below 90\.00%\. Every other copy/,
      ),
      'Its own model, before the merge, has 90.00% on the same images: the merge costs it 4.00 points.',
      expect.stringMatching(/^From round 1 to 3 .* 80\.00% to 86\.00%, 3\.00 points .* in 2 more rounds\.$/),
    ]);
  });

  it('has weakest classes: of those that it holds, where that is shared', () => {
    const labelCounts = {
      categories: ['cat', 'dog', 'eel'],
      participants: [
        { name: 'environment-1', train: 90, validation: 10, counts: [0, 100, 0] },
        { name: 'environment-2', train: 180, validation: 20, counts: [100, 0, 100] },
      ],
    };
    expect(about('held back', { ...behind, details: [details], labelCounts }).at(-1)).toBe(
      'Of the classes that environment-2 holds, the merged model is weakest on eel (80.00%), cat (100.00%), by the test images.',
    );
    expect(about('held back', { ...behind, details: [details] }).at(-1)).toMatch(
      /class 1 \(50\.00%\), class 2 \(80\.00%\), class 0 \(100\.00%\); .* environment-2 .* not shared\.$/,
    );
  });

  it('does not approach the reference, where its copies do not', () => {
    const rounds = behind.rounds.toReversed();
    expect(about('held back', { ...behind, rounds })[2]).toMatch(
      /^From round 1 to 3 .* 86\.00% to 80\.00%: it does not/,
    );
  });

  it('is the last to pass, where all have passed', () => {
    const rounds = [
      { own: [0.9, 0.9], copies: [0.91, 0.88] },
      { own: [0.9, 0.9], copies: [0.92, 0.9] },
    ];
    expect(about('held back', { configuration: { reference: 0.9 }, rounds })).toEqual([
      expect.stringMatching(
        /in round 2 every copy reaches 90\.00%\. .* environment-2, with 88\.00% in round 1 and 90\.00% in round 2\.$/,
      ),
    ]);
  });

  it('is none without a reference, or before there is a copy', () => {
    expect(about('held back', { rounds: behind.rounds })).toEqual([
      expect.stringMatching(/^No reference is set/),
    ]);
    expect(about('held back', { rounds: [] })).toEqual([expect.stringMatching(/^No copy was evaluated yet/)]);
  });
});

describe('what a run showed', () => {
  it('says which strategy is best, and which is copied where that is another', () => {
    expect(about('strategies', behind)).toEqual([
      'After round 3 mean is the best of 2 strategies on the test images, with 91.00%, before max (75.00%).',
    ]);
    const configuration = { strategy: 'max', compare: ['mean'] };
    expect(about('strategies', { ...behind, configuration })[0]).toMatch(
      /copied model is that of max; nothing is chosen by the test images\.$/,
    );
  });

  it('says whether max collapsed, against the best own model of the round', () => {
    expect(about('collapse', behind)).toEqual([
      'max collapsed in rounds 1 and 3: it is more than 10 points below the best own model of the round, at worst in round 1, with 50.00% against 88.00%.',
    ]);
    const rounds = behind.rounds.slice(1, 2);
    expect(about('collapse', { ...behind, rounds })).toEqual([
      'max did not collapse: it is never more than 10 points below the best own model of a round.',
    ]);
    expect(about('collapse', { ...behind, configuration: {}, rounds })).toEqual([]);
  });

  it('compares the mean of personal models with the mean of the own ones, not the best', () => {
    const configuration = { share: ['fc1.*'], compare: ['max'] };
    // One participant has most classes, the other few.
    const rounds = [
      { own: [0.9, 0.9], copies: [0.9, 0.9], ownTest: [0.6, 0.2], merged: { mean: 0.41, max: 0.25 } },
    ];
    expect(about('collapse', { configuration, rounds })).toEqual([
      expect.stringMatching(/^max collapsed .* mean of the own models .* 25\.00% against 40\.00%\.$/),
    ]);
    expect(about('collapse', { configuration: { compare: ['max'] }, rounds })).toHaveLength(2);
  });

  it('says how far pooled training is ahead', () => {
    const rounds = behind.rounds.map((round) => ({ ...round, pooled: 0.925 }));
    const configuration = { pooled: true };
    expect(about('pooled', { configuration, rounds })).toEqual([
      'Pooled training, on all the data together and with as many images, has 92.50%; the merged model is 1.50 points below it.',
    ]);
  });

  it('counts the images for which the merge decided, and what travels', () => {
    expect(about('decided', { ...behind, details: [details] })).toEqual([
      'Of 30 test images, the merged model knows 2 that no own model knows, and misses none that every own model knows.',
    ]);
    expect(about('traffic', behind)).toEqual([
      '3 rounds, 6 updates and 6 copies of 1.0 kB: 12.0 kB in all, where they travel as 32-bit numbers.',
    ]);
  });

  it('is by the participants’ own images, weighted by examples, where the coordinator has none', () => {
    const rounds = [{ own: [0.6, 0.9], copies: [0.9, 0.75] }];
    expect(about('strategies', { rounds })).toEqual([
      'The coordinator holds no test images. On the participants’ own validation images, weighted by their examples, the own models of round 1 have 80.00%, the merged model 80.00%.',
    ]);
    expect(about('collapse', { rounds })).toEqual([]);
  });

  it('says that a run is not finished', () => {
    expect(about('end', { rounds: behind.rounds.slice(0, 2) })).toEqual([
      expect.stringMatching(/not finished: round 3 .*same command/),
    ]);
  });
});
