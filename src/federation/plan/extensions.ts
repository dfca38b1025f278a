/**
 * What a program adds to what settings can name: a network, a task, strategies, methods and codecs
 * of its own. It is one record, which a run, a coordinator, a participant and a page take alike.
 * `namedParts` looks up the names of the settings in it.
 */
import type { Strategy } from '../../merge/strategy.js';
import type { Configuration } from '../../protocol/configuration/configuration.js';
import type { Codec, Codecs } from '../../transforms/codec/codec.js';
import type { Method } from '../methods/method.js';
import { checkMethods } from '../methods/methods.js';
import { type ChosenStrategies, chooseStrategies } from './chosen-strategies.js';
import { codecsOf } from './codecs.js';
import type { OwnLearner } from './learner.js';

/** Across machines, the coordinator and each participant bring the same. */
export interface Extensions extends OwnLearner {
  /** The settings `strategy` and `compare` may name them. */
  readonly strategies?: readonly Strategy[] | undefined;
  /** Every update carries what they compute, in this order. */
  readonly methods?: readonly Method[] | undefined;
  /** The setting `codec` may name them. */
  readonly codecs?: readonly Codec[] | undefined;
}

/** The parts that the settings name, each from this package or from a program. */
export interface NamedParts extends ChosenStrategies, OwnLearner {
  /** The methods of the program alone; `methodsFor` adds those that the settings ask for. */
  readonly methods: readonly Method[];
  readonly codec: Codecs;
}

/**
 * @param source the name of the configuration in errors
 * @throws ConfigurationError when a name is unknown, taken twice, or does not fit the settings
 */
export function namedParts(
  configuration: Configuration,
  { strategies = [], methods = [], codecs = [], network, task }: Extensions,
  source: string,
): NamedParts {
  checkMethods(methods, source);
  return {
    ...chooseStrategies(configuration, strategies, source, methods),
    codec: codecsOf(configuration, codecs, source),
    ...{ methods, network, task },
  };
}
