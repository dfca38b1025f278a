/**
 * The figures of a model on the examples of several owners together, from the sums that they share.
 * The sums are added in the order of the participants, so nothing depends on who answers first.
 */
import type { z } from 'zod';
import { hasSumsFor, knownFigure } from '../known-figures.js';
import type { MetricFacts } from '../metric.js';
import { addMetrics, meanLoss } from '../metrics.js';
import type { figuresTogetherSchema } from '../schemas.js';
import { type SharedSums, sumsOfShared } from './shared-sums.js';

export type FiguresTogether = Readonly<z.output<typeof figuresTogetherSchema>>;

/**
 * By metric, for those that somebody shares the sums of.
 * @param shared in the order of the participants
 */
export function figuresTogether(
  shared: readonly SharedSums[],
  metrics: readonly MetricFacts[],
): FiguresTogether {
  const whole = shared.map((one) => ({ ...one, sums: sumsOfShared(one) }));
  return Object.fromEntries(
    metrics.flatMap(({ name }) => {
      const parts = whole.filter(({ sums }) => name === 'loss' || hasSumsFor(name, sums));
      if (parts.length === 0) return [];
      const figure = figureOf(name, parts);
      const known = Number.isFinite(figure) && { figure };
      return [[name, { ...known, participants: parts.length }] as const];
    }),
  );
}

function figureOf(name: string, parts: readonly WholeSums[]): number {
  const common = Object.keys(parts[0]?.sums ?? {}).filter((sum) => parts.every(({ sums }) => sums[sum]));
  const { sums, counted, lossSum } = addMetrics(
    parts.map((part) => ({
      ...{ examples: 0, counted: part.counted, lossSum: part.lossSum, rules: [] },
      sums: Object.fromEntries(common.map((sum) => [sum, part.sums[sum] as Float64Array])),
    })),
  );
  return name === 'loss' ? meanLoss({ lossSum, counted }) : knownFigure(name, sums, counted);
}

interface WholeSums extends Pick<SharedSums, 'counted' | 'lossSum'> {
  readonly sums: Readonly<Record<string, Float64Array>>;
}

/** The sums of that name, added, and how many participants share it; undefined if nobody does. */
export function sumTogether(shared: readonly SharedSums[], name: string) {
  const parts = shared.map(sumsOfShared).flatMap((sums) => sums[name] ?? []);
  const [first] = parts;
  if (first === undefined) return undefined;
  const sum = first.map((_, at) => parts.reduce((all, part) => all + (part[at] as number), 0));
  return { sum, participants: parts.length };
}
