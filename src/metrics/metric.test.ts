import { describe, expect, it } from 'vitest';
import {
  bestFirst,
  bestOf,
  figuresProblem,
  finiteFigures,
  gain,
  isBetter,
  type MetricFacts,
  tableUnit,
  titleOf,
  worstOf,
  written,
  writtenBare,
  writtenDifference,
  writtenTick,
} from './metric.js';
import { figuresSchema, metricsSchema } from './schemas.js';

const accuracy: MetricFacts = { name: 'accuracy', better: 'higher', format: 'percent' };
const auroc: MetricFacts = { name: 'auroc', label: 'AUROC', better: 'higher', format: 'fraction' };
const rmse: MetricFacts = { name: 'rmse', label: 'RMSE', better: 'lower', format: 'number', unit: 'km' };

describe('a metric', () => {
  it('knows which way is better', () => {
    expect(isBetter(accuracy, 0.9, 0.8)).toBe(true);
    expect(isBetter(rmse, 0.9, 0.8)).toBe(false);
    expect(isBetter(rmse, 1, 1)).toBe(false);
    expect(gain(accuracy, 0.5, 0.75)).toBe(0.25);
    expect(gain(rmse, 0.5, 0.75)).toBe(-0.25);
    const values = [2, 3, 1];
    expect(values.toSorted(bestFirst(accuracy))).toEqual([3, 2, 1]);
    expect(values.toSorted(bestFirst(rmse))).toEqual([1, 2, 3]);
    expect([bestOf(accuracy, values), worstOf(accuracy, values)]).toEqual([3, 1]);
    expect([bestOf(rmse, values), worstOf(rmse, values)]).toEqual([1, 3]);
    expect(bestOf(rmse, [])).toBeUndefined();
  });

  it('is written as what it is', () => {
    expect(written(accuracy, 0.91234)).toBe('91.23%');
    expect(written(rmse, 3.21449)).toBe('3.214 km');
    expect(written(auroc, 0.87449)).toBe('0.874');
    expect(writtenDifference(auroc, 0.0312)).toBe('0.031');
    expect(written({ ...rmse, unit: undefined }, 123456.7)).toBe('123457');
    expect([writtenBare(accuracy, 0.5), writtenBare(rmse, 0.5)]).toEqual(['50.00', '0.5']);
    expect([tableUnit(accuracy), tableUnit(rmse)]).toEqual(['per cent', 'km']);
    expect(writtenDifference(accuracy, 0.0312)).toBe('3.12 points');
    expect(writtenDifference(rmse, 0.25)).toBe('0.25 km');
    expect([writtenTick(accuracy, 0.915), writtenTick(rmse, 3.2)]).toEqual(['91.5%', '3.2']);
    expect([titleOf(accuracy), titleOf(rmse)]).toEqual(['Accuracy', 'RMSE']);
  });

  it('is one of several, each with its own name', () => {
    expect(metricsSchema.safeParse([accuracy, rmse]).success).toBe(true);
    expect(metricsSchema.safeParse([]).success).toBe(false);
    expect(metricsSchema.safeParse([rmse, rmse]).success).toBe(false);
  });
});

describe('figures', () => {
  it('have finite numbers only', () => {
    expect(finiteFigures({ accuracy: 0.5, loss: Number.NaN, other: Infinity })).toEqual({ accuracy: 0.5 });
    expect(figuresSchema.safeParse({ loss: Number.POSITIVE_INFINITY }).success).toBe(false);
    expect(figuresSchema.safeParse({ '1st': 1 }).success).toBe(false);
  });

  it('are of the metrics of the task, and a fraction is one', () => {
    const metrics = [accuracy, rmse];
    expect(figuresProblem({ accuracy: 1, rmse: 17 }, metrics)).toBeUndefined();
    expect(figuresProblem({ accuracy: 1.5 }, metrics)).toMatch(/"accuracy" is 1.5.* 0 to 1/);
    expect(figuresProblem({ auroc: -0.1 }, [auroc])).toMatch(/"auroc" is -0.1.* 0 to 1/);
    expect(figuresProblem({ f1: 1 }, metrics)).toMatch(/"f1" is 1.*accuracy, rmse/);
  });
});
