import { describe, expect, it } from 'vitest';
import { recordedRun } from '../../../test/recorded-run.js';
import type { SharedSums } from '../../metrics/shared/shared-sums.js';
import { runPage } from '../pages/run-page.js';

/** Scores of two examples of each class; the better, the fewer negatives are above a positive. */
const sharing = (negatives: readonly number[]): SharedSums => {
  const positives = [600, 900];
  const places = [...negatives, ...positives.map((bin) => 1000 + bin)];
  const scores = { size: 2000, places, values: places.map(() => 1) };
  return { counted: 4, lossSum: 1, sums: { scores } };
};

/** The same for each of three classes: negatives of a class, undefined where it has no example. */
const sharingThree = (classes: readonly (readonly number[] | undefined)[]): SharedSums => {
  const places = classes.flatMap((negatives, k) => {
    const positives = negatives === undefined ? [] : [600, 900];
    return [...(negatives ?? [100, 200]), ...positives.map((bin) => 1000 + bin)].map((bin) => 2000 * k + bin);
  });
  const scores = { size: 2000 * classes.length, places, values: places.map(() => 1) };
  return { counted: 4, lossSum: 1, sums: { scores } };
};

function reportOf(
  number: number,
  sums: (k: number) => SharedSums | undefined,
  classNames = ['well', 'ill'],
): string {
  const figures = Array.from({ length: number }, () => 0.5);
  const run = recordedRun({ rounds: [{ own: figures, copies: figures }], classNames });
  const shared = new Map(
    run.result.participants.flatMap((name, k) => {
      const own = sums(k);
      return own === undefined ? [] : [[name, own] as const];
    }),
  );
  return runPage({ ...run, rounds: run.rounds.map((round) => ({ ...round, shared })) }, 'no pictures');
}

describe('the curves of participants in a report', () => {
  it('are those of the participants that share their scores, and it says who does not', () => {
    const text = reportOf(3, (k) => (k === 2 ? undefined : sharing(k === 0 ? [100, 200] : [100, 700])));
    expect(text).toContain('Curves of each participant');
    expect(text).toContain('environment-1, area 1.000');
    expect(text).toContain('environment-2, area 0.750');
    expect(text).not.toContain('environment-3, area');
    expect(text).toContain('No curve of environment-3');
    expect(text).toContain('ROC curve, by false positive rate: environment-1');
  });

  it('are the lowest, the middle and the highest of many', () => {
    const text = reportOf(9, (k) => sharing(k === 4 ? [950, 960] : k === 6 ? [100, 200] : [100, 700]));
    const drawn = new Set([...text.matchAll(/environment-\d, area ([\d.]+)/g)].map(([, area]) => area));
    expect([...drawn]).toEqual(['0.000', '0.750', '1.000']);
    expect(text).toContain('Of 9 participants');
  });

  it('are those of each of three classes against the rest, for who has examples of it', () => {
    const [good, bad] = [
      [100, 200],
      [950, 960],
    ];
    const text = reportOf(2, (k) => sharingThree(k === 0 ? [good, bad, good] : [good, undefined, bad]), [
      'red',
      'green',
      'blue',
    ]);
    const charts = [...text.matchAll(/<figure>\s*<figcaption><strong>ROC curve.*?<\/figure>/gs)].map(
      ([of]) => of,
    );
    const areas = charts.map((chart) => [
      /“(\w+)” against the rest/.exec(chart)?.[1],
      ...new Set([...chart.matchAll(/environment-\d, area [\d.]+/g)].map(([line]) => line)),
    ]);
    expect(areas).toEqual([
      ['red', 'environment-1, area 1.000', 'environment-2, area 1.000'],
      ['green', 'environment-1, area 0.000'],
      ['blue', 'environment-1, area 1.000', 'environment-2, area 0.000'],
    ]);
  });

  it('are left out where nobody shares', () => {
    expect(reportOf(2, () => undefined)).not.toContain('Curves of each participant');
  });
});
