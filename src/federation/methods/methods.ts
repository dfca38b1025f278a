/** The methods of a federation: those that its settings ask for, and those of a program. */
import type { SumPlan } from '../../engine/nn/sum-plan.js';
import type { Strategy } from '../../merge/strategy.js';
import { ATTACHMENT_NAME } from '../../protocol/attachments.js';
import { type Configuration, ConfigurationError } from '../../protocol/configuration/configuration.js';
import { hasSiteStatistics } from '../../protocol/configuration/own-parts.js';
import { controlVariates } from './control-variates.js';
import { isCorrected } from './corrected-rounds.js';
import { FISHER, fisherMethod } from './fisher.js';
import type { Method } from './method.js';
import { keepOwnTensors, OWN_TENSORS } from './own-tensors.js';
import { keepStatistics, STATISTICS } from './site-statistics.js';

/** The rules that decide which attachments the updates of a round carry. */
export interface MethodRules {
  readonly methods?: readonly Method[] | undefined;
  readonly strategy: Strategy;
  /** The compared strategies, which merge in evaluated rounds only. */
  readonly compared: readonly Strategy[];
}

/** The names of the attachments that these strategies need. */
export const auxiliaryNames = (strategies: readonly Strategy[]): readonly string[] => [
  ...new Set(strategies.flatMap(({ auxiliaries = [] }) => auxiliaries)),
];

export const needsFisher = (strategy: Strategy): boolean => auxiliaryNames([strategy]).includes(FISHER);

/** The methods of a round, in the same order at every participant. */
export function methodsOf(
  { methods = [], strategy, compared }: MethodRules,
  round: number,
  evaluated: boolean,
): readonly Method[] {
  const merging = evaluated ? [strategy, ...compared] : [strategy];
  const auxiliaries = auxiliaryNames(merging);
  return methods.filter(({ name, carries }) => carries?.(round) || auxiliaries.includes(name));
}

/** The names of the methods that have an attachment. */
export const attachedNames = (methods: readonly Method[]): readonly string[] =>
  methods.filter(({ leaves }) => leaves !== undefined).map(({ name }) => name);

/**
 * @param strategies that merge or are compared
 * @param own the methods of a program; `checkMethods` has checked their names
 * @param keepsTensors whether some of the state's tensors stay with their owner
 */
export function methodsFor(
  configuration: Configuration,
  strategies: readonly Strategy[],
  own: readonly Method[],
  keepsTensors: boolean,
): readonly Method[] {
  const { correction, rounds, fisherExamples } = configuration;
  return [
    ...(keepsTensors ? [keepOwnTensors()] : []),
    ...(hasSiteStatistics(configuration) ? [keepStatistics()] : []),
    ...(correction?.name === 'scaffold'
      ? [controlVariates((round) => isCorrected(correction, round, rounds))]
      : []),
    ...(strategies.some(needsFisher) ? [fisherMethod(fisherExamples)] : []),
    ...own,
  ];
}

/** The names of the methods of this package. */
export const methodNames: readonly string[] = [FISHER, 'control', OWN_TENSORS, STATISTICS];

/** @throws ConfigurationError when a name is taken or not valid, or a bound is missing */
export function checkMethods(own: readonly Method[], source: string): void {
  const names = [...methodNames];
  for (const { name, leaves, bound } of own) {
    if (!ATTACHMENT_NAME.test(name)) {
      throw new ConfigurationError(
        `${source}: a method is called "${name}", expected lower-case letters, digits and hyphens, at most 40`,
      );
    }
    if (names.includes(name)) {
      throw new ConfigurationError(`${source}: there is a method "${name}" already`, {
        hint: 'give yours another name',
      });
    }
    if (leaves !== undefined && bound === undefined) {
      throw new ConfigurationError(
        `${source}: the method "${name}" sends an attachment, but has no "bound", expected the least and the most that a value may be`,
      );
    }
    names.push(name);
  }
}

/**
 * Why participants cannot compute the attachments that the strategy needs; undefined if they can.
 */
export function auxiliariesProblem(
  { auxiliaries = [] }: Strategy,
  { loss, task }: Pick<Configuration, 'loss' | 'task'>,
  own: readonly Method[],
): string | undefined {
  const known = [FISHER, ...own.map(({ name }) => name)];
  const unknown = auxiliaries.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    return `needs the ${unknown.join(' and ')} of every update, which participants do not compute: merge files by it, or bring a method of that name`;
  }
  if (auxiliaries.includes(FISHER) && task.name !== 'classification') {
    return `needs the Fisher information of softmax probabilities, but "task" is "${task.name}", expected classification`;
  }
  if (auxiliaries.includes(FISHER) && loss.name !== 'softmax-cross-entropy') {
    return `needs the Fisher information of softmax probabilities, but "loss" is "${loss.name}", expected softmax-cross-entropy`;
  }
  return undefined;
}

type MethodWithPlan = Method & Required<Pick<Method, 'plan'>>;

const hasPlan = (method: Method): method is MethodWithPlan => method.plan !== undefined;

/** The plans of the methods that have one, by the name of the method. */
export const methodPlans = (
  methods: readonly Method[],
  planOf: (method: MethodWithPlan) => SumPlan,
): Readonly<Record<string, SumPlan>> =>
  Object.fromEntries(methods.filter(hasPlan).map((method) => [method.name, planOf(method)]));
