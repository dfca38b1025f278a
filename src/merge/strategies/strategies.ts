/** All strategies by the names in settings and on the command line, with their parameters. */
import { z } from 'zod';
import { complaintOf } from '../../base/complaint.js';
import { nearestName } from '../../base/nearest-name.js';
import { MergeError } from '../error.js';
import type { AppliedTo, Strategy } from '../strategy.js';
import { builders, type StrategyName } from './builders.js';
import { formatStrategy, parseStrategy, type StrategyParts, type StrategySettings } from './strategy-text.js';

/** What it is applied to; if left out, the run or the merge decides. */
const either = { on: z.enum(['weights', 'updates']).optional() };
const updatesOnly = { on: z.literal('updates').default('updates') };
const count = z.int().min(0);
const positive = z.number().positive();

const table = {
  mean: entry(either, builders.mean),
  'mean-equal': entry(either, builders['mean-equal']),
  max: entry(either, builders.max),
  absmax: entry(either, builders.absmax),
  median: entry(either, builders.median),
  'trimmed-mean': entry(
    { trim: z.number().min(0).lt(0.5).default(0.1), ...either },
    builders['trimmed-mean'],
  ),
  'geometric-median': entry({ nu: positive.default(1e-6), ...either }, builders['geometric-median']),
  krum: entry({ f: count.default(1), ...either }, builders.krum),
  'multi-krum': entry(
    { f: count.default(1), m: z.int().min(1).optional(), ...either },
    builders['multi-krum'],
  ),
  bulyan: entry({ f: count.default(1), ...either }, builders.bulyan),
  'centred-clipping': entry({ tau: positive, ...updatesOnly }, builders['centred-clipping']),
  slerp: entry({ t: z.number().min(0).max(1).default(0.5), ...either }, builders.slerp),
  'task-arithmetic': entry({ lambda: z.number().default(1), ...updatesOnly }, builders['task-arithmetic']),
  ties: entry(
    { density: z.number().gt(0).max(1).default(0.2), lambda: z.number().default(1), ...updatesOnly },
    builders.ties,
  ),
  dare: entry(
    {
      p: z.number().min(0).lt(1).default(0.5),
      seed: z.int().min(0).max(0x7fffffff).default(0),
      ...updatesOnly,
    },
    builders.dare,
  ),
  'fisher-mean': entry(either, builders['fisher-mean']),
  'model-stock': entry(updatesOnly, builders['model-stock']),
} satisfies Record<StrategyName, Entry>;

/** Other names by which programs call them. */
export const strategyAliases: ReadonlyMap<string, StrategyName> = new Map<string, StrategyName>([
  ['linear', 'mean'],
  ['average', 'mean'],
]);

/** Those that weigh models by shares: the numbers of examples, or given weights. */
export const weighingStrategies: readonly StrategyName[] = [
  ...(['mean', 'geometric-median', 'task-arithmetic', 'dare', 'fisher-mean'] as const),
];

export const strategyNames = Object.keys(table) as StrategyName[];

/** Each name with its parameters besides `on`: "multi-krum(f, m)". */
export const strategySignatures = strategyNames.map((name) => {
  const parameters = Object.keys(table[name].schema.shape).filter((parameter) => parameter !== 'on');
  return parameters.length === 0 ? name : `${name}(${parameters.join(', ')})`;
});

/** A strategy, or the problem: `is "krumm", expected one of …`. */
export type StrategyReading =
  | { readonly strategy: Strategy }
  | { readonly problem: string; readonly hint: string | undefined; readonly unknown: boolean };

/**
 * Reads `trimmed-mean(trim=0.2)` or `{ name: 'trimmed-mean', trim: 0.2 }`. The name of the result
 * is the line that means the same, without defaults.
 */
export function readStrategy(reference: string | StrategySettings): StrategyReading {
  const parts = typeof reference === 'string' ? parseStrategy(reference) : partsOf(reference);
  const text = typeof reference === 'string' ? reference : formatStrategy(reference);
  const { parameters: given, problem } = parts;
  const name = strategyAliases.get(parts.name) ?? parts.name;
  const known = strategyNames.find((candidate) => candidate === name);
  if (known === undefined) {
    const nearest = nearestName(name, strategyNames);
    return {
      problem: `is "${text}", expected one of ${strategyNames.join(', ')}`,
      hint: nearest === undefined ? undefined : `did you mean "${nearest}"?`,
      unknown: true,
    };
  }
  if (problem !== undefined) {
    return { problem: `is "${text}", ${problem}`, hint: undefined, unknown: false };
  }
  const { schema, build } = table[known];
  const parsed = schema.safeParse(given);
  if (parsed.error) {
    const { message, hint } = complaintOf(schema, given, parsed.error);
    return { problem: `is "${text}": ${message}`, hint, unknown: false };
  }
  const parameters: Parameters = parsed.data;
  const strategy = {
    ...build(parameters),
    name: formatStrategy({ name, ...withoutDefaults(schema, parameters) }),
    ...(parameters.on && { on: parameters.on }),
  };
  made.set(strategy, { name: known, parameters });
  return { strategy };
}

const partsOf = ({ name, ...parameters }: StrategySettings): StrategyParts => ({ name, parameters });

/**
 * The strategy with this name; parameters in parentheses replace its defaults.
 * @throws MergeError that lists the names when there is none; or when a parameter is unknown or out
 * of range.
 */
export function strategyByName(text: string): Strategy {
  const reading = readStrategy(text);
  if ('strategy' in reading) return reading.strategy;
  const { problem, hint } = reading;
  throw new MergeError(`merge: the strategy ${problem}`, hint === undefined ? {} : { hint });
}

/**
 * The recipe from which another thread builds the same strategy; undefined for a program's own
 * strategy.
 */
export function recipeOf(strategy: Strategy): StrategyRecipe | undefined {
  return made.get(strategy);
}

export interface StrategyRecipe {
  readonly name: StrategyName;
  readonly parameters: Parameters;
}

const made = new WeakMap<Strategy, StrategyRecipe>();

type Parameters = Readonly<Record<string, unknown>> & { readonly on?: AppliedTo | undefined };

interface Entry {
  readonly schema: z.ZodObject;
  /** Takes parameters that passed the schema. */
  readonly build: (parameters: Parameters) => Strategy;
}

function entry<Shape extends z.ZodRawShape>(
  shape: Shape,
  build: (parameters: z.output<z.ZodObject<Shape, z.core.$strict>>) => Strategy,
): Entry {
  const schema = z.strictObject(shape);
  return { schema, build: (parameters) => build(schema.parse(parameters)) };
}

function withoutDefaults({ shape }: z.ZodObject, parameters: Parameters): Parameters {
  const said = Object.entries(parameters).filter(([name, value]) => {
    const left = z.safeParse(shape[name] as z.ZodType, undefined);
    return !(left.success && left.data === value);
  });
  return Object.fromEntries(said);
}
