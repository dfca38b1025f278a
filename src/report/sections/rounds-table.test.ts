import { describe, expect, it } from 'vitest';
import type { RoundResult } from '../../federation/record/run-result.js';
import { classificationMetrics } from '../../metrics/classification.js';
import { paperTable } from './paper-table.js';
import { roundsLegend, roundsTable } from './rounds-table.js';

const names = (count: number) => Array.from({ length: count }, (_, i) => `environment-${i + 1}`);

function roundOf(round: number, participants: readonly string[]): RoundResult {
  return {
    round,
    seconds: 75,
    participants: participants.map((name, i) => ({
      name,
      examples: 100,
      epochs: 3,
      validation: { accuracy: 0.9 + i / 1000 },
      test: { accuracy: 0.89 },
    })),
    merged: {
      mean: { test: { accuracy: 0.93 } },
      max: { test: { accuracy: 0.1828 } },
      absmax: { test: { accuracy: 0.711 } },
    },
    copied: participants.map((name) => ({ name, validation: { accuracy: 0.925 } })),
  };
}
const [metric] = classificationMetrics;
const strategies = ['mean', 'max', 'absmax'];

describe('the table of rounds', () => {
  it('has a line for each round, with own, merged and copied models', () => {
    const participants = names(2);
    const rounds = [1, 2].map((round) => roundOf(round, participants));
    expect(roundsTable(rounds, { participants, strategies, metric }).split('\n')).toEqual([
      'round  environment-1  environment-2   mean    max  absmax  copy 1  copy 2        time',
      '1      90.00 (89.00)  90.10 (89.00)  93.00  18.28   71.10   92.50   92.50  1 min 15 s',
      '2      90.00 (89.00)  90.10 (89.00)  93.00  18.28   71.10   92.50   92.50  1 min 15 s',
    ]);
  });

  it('stands beside the figures of the paper', () => {
    const participants = names(2);
    const rounds = [1, 4].map((round) => roundOf(round, participants));
    const lines = roundsTable(rounds, { participants, strategies, metric, paper: paperTable }).split('\n');
    expect(lines[2]).toBe('paper          91.41          91.51  76.13  18.28   71.10');
    expect(lines[4]).toBe('paper          93.?6          92.?3  9?.?3  89.?0   93.?2');
  });

  it('shows what is not known yet as a dash', () => {
    const participants = names(2);
    const round = { ...roundOf(1, participants.slice(0, 1)), merged: {}, copied: [] };
    const [, line] = roundsTable([round], { participants, strategies, metric }).split('\n');
    expect(line).toMatch(/^1 +90\.00 \(89\.00\) +– +– +– +– +– +– +1 min 15 s$/);
  });

  it.each([
    [10, 100],
    [10, 80],
    [100, 80],
    [4, 80],
    [2, 80],
  ])('fits %i participants into a width of %i', (count, width) => {
    const participants = names(count);
    const options = { participants, strategies, metric, width };
    const rounds = [roundOf(1, participants)];
    for (const line of roundsTable(rounds, options).split('\n'))
      expect(line.length).toBeLessThanOrEqual(width);
    for (const line of roundsLegend(rounds, options).split('\n'))
      expect(line.length).toBeLessThanOrEqual(width);
  });

  it('leaves out rounds that are not evaluated', () => {
    const participants = names(2);
    const evaluated = roundOf(2, participants);
    const silent: RoundResult = {
      ...{ round: 1, seconds: 1, merged: {}, copied: [] },
      participants: participants.map((name) => ({
        ...{ name, examples: 1, steps: 1, validation: undefined, test: undefined },
      })),
    };
    const table = roundsTable([silent, evaluated], { participants, strategies, metric });
    expect(table).toBe(roundsTable([evaluated], { participants, strategies, metric }));
  });

  it('says that not everybody trains in every round, where that is so', () => {
    const participants = names(3);
    const all = roundOf(1, participants);
    const drawn = { ...roundOf(2, participants), participants: all.participants.slice(1) };
    const said = 'only those who are drawn for a round train in it';
    const options = { participants, strategies, metric, width: 500 };
    expect(roundsLegend([all, drawn], options)).toContain(said);
    expect(roundsLegend([all], options)).not.toContain(said);
    expect(roundsTable([drawn], options)).toMatch(/\n2 +– +90\.10 \(89\.00\)/);
  });

  it('folds many participants into the least, the mean and the largest value', () => {
    const participants = names(10);
    const table = roundsTable([roundOf(1, participants)], { participants, strategies, metric });
    expect(table).toContain('own validation');
    expect(table).toContain('90.0 / 90.5 / 90.9');
    expect(roundsLegend([roundOf(1, participants)], { participants, strategies, metric })).toContain(
      'least / mean / largest',
    );
  });
});
