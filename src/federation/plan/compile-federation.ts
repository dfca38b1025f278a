/**
 * Compiles a configuration and a few facts about the data to network, plan, strategies and initial
 * weights. It is a function of these alone, so everybody who has them gets the same result on any
 * machine.
 */
import { type DataFacts, factsOf } from '../../data/dataset.js';
import { correctionOf, optimizerOf } from '../../engine/nn/by-name.js';
import { compileFisherPlan } from '../../engine/nn/fisher-plan.js';
import {
  frozenLayoutOf,
  initialFrozen,
  initialState,
  modelLayoutOf,
  type Parameter,
  parametersOf,
} from '../../engine/nn/layers/network.js';
import type { ModelDescription } from '../../engine/nn/model-file.js';
import { compilePlan, type Plan } from '../../engine/nn/plan.js';
import { type Configuration, ConfigurationError } from '../../protocol/configuration/configuration.js';
import { datasetName } from '../../protocol/configuration/dataset-name.js';
import { arrangeState, joinStates, partOfState, type StateDict } from '../../tensor/state-dict.js';
import type { Codec, Codecs } from '../../transforms/codec/codec.js';
import type { Method } from '../methods/method.js';
import { methodsFor } from '../methods/methods.js';
import { type RefitPlan, refitPlanOf } from '../methods/refit.js';
import type { ChosenStrategies } from './chosen-strategies.js';
import { codecsOf } from './codecs.js';
import { type Learner, learnerOf, type OwnLearner } from './learner.js';

export interface CompileOptions extends ChosenStrategies, OwnLearner {
  /** Methods of your own: see `methodsFor`. */
  readonly methods?: readonly Method[] | undefined;
  /** Codecs of one's own: see `codecsOf`. */
  readonly codecs?: readonly Codec[] | undefined;
  /** The weights to start from, and their name in errors. */
  readonly init?: { readonly state: StateDict; readonly name: string } | undefined;
  /** The frozen weights that the coordinator sent, for a model that only it has. */
  readonly held?: StateDict | undefined;
}

export interface CompiledFederation extends ChosenStrategies {
  readonly facts: DataFacts;
  readonly configuration: Configuration;
  readonly plan: Plan;
  readonly methods: readonly Method[];
  readonly refit: RefitPlan | undefined;
  /** By which weights travel. */
  readonly codec: Codecs;
  /** The metadata of a model's file. */
  readonly model: ModelDescription;
  /** The frozen weights, with the table of the whole model; undefined if nothing is frozen. */
  readonly frozen: FrozenWeights | undefined;
  /**
   * What a participant begins with. @throws ConfigurationError when only the coordinator has that
   * model.
   */
  initialState(participant: string): StateDict;
}

export interface FrozenWeights {
  readonly values: StateDict;
  /** The whole model: a state with the frozen weights. */
  complete(state: StateDict): StateDict;
}

/** A compiled federation whose network is available. */
export interface FederationWithNetwork extends CompiledFederation, Learner {}

/** @param source the name of the configuration in errors */
export function compileFederation(
  configuration: Configuration,
  facts: DataFacts,
  { strategy, compared, init, held, methods = [], codecs = [], ...own }: CompileOptions,
  source: string,
): FederationWithNetwork {
  const learner = learnerOf(configuration, facts, own, source);
  // The cut into parts is the default one, not the machine's, so that the plan is the same
  // everywhere.
  const plan = planCutFor({ configuration, ...learner });
  const parameters = parametersOf(learner.network, learner.inputs, learner.freeze);
  const given = init && arrangeState(init.state, modelLayoutOf(parameters), init.name);
  const drawn = (...of: readonly string[]) =>
    initialState(parameters, configuration.seed, 'initial weights', ...of);
  let common = given && partOfState(given, plan.layout);
  return {
    ...{ configuration, facts, ...learner, plan, strategy, compared },
    frozen: frozenWeights(configuration, parameters, given ?? held),
    methods: methodsFor(configuration, [strategy, ...compared], methods, () => compileFisherPlan(learner)),
    refit: refitPlanOf(configuration, learner),
    codec: codecsOf(configuration, codecs, source),
    model: modelDescription(configuration, facts),
    initialState(participant) {
      if (init === undefined && configuration.initialModel !== undefined) {
        throw new ConfigurationError(
          `${source}: "initialModel" names a model to start from, expected the coordinator to send it`,
        );
      }
      if (common === undefined && configuration.initialWeights === 'independent') return drawn(participant);
      // Drawn when it is requested: a process that only merges may never need it.
      common ??= drawn();
      return common;
    },
  };
}

/** Drawn by the seed, the same for all, unless a model is given. */
function frozenWeights(
  { seed, initialModel }: Configuration,
  parameters: readonly Parameter[],
  given: StateDict | undefined,
): FrozenWeights | undefined {
  const layout = frozenLayoutOf(parameters);
  if (layout.length === 0) return undefined;
  const whole = modelLayoutOf(parameters);
  let values = given && partOfState(given, layout);
  const frozen = {
    get values() {
      if (values === undefined && initialModel !== undefined) {
        throw new ConfigurationError(
          'the frozen weights are those of "initialModel", expected the coordinator to send them',
        );
      }
      // Drawn when they are requested: a description of the federation needs none.
      values ??= initialFrozen(parameters, seed, 'initial weights');
      return values;
    },
    complete: (state: StateDict) => joinStates(whole, state, frozen.values),
  };
  return frozen;
}

export const modelDescription = (
  { model, normalization, dataset }: Configuration,
  facts: DataFacts,
): ModelDescription => ({
  network: model,
  inputs: facts.inputs.map(factsOf),
  targets: facts.targets.map(factsOf),
  ...(facts.inputs[0]?.meaning.kind === 'picture' && { normalization }),
  dataset: datasetName(dataset),
});

/**
 * The plan of a federation with batches cut for a runtime: the same step, with sums added in
 * another order.
 * @param partBytes of that runtime; the hash that is compared is that of the default cut
 */
export function planCutFor(
  { configuration, network, inputs, task, freeze }: Learner & Pick<CompiledFederation, 'configuration'>,
  partBytes?: number,
): Plan {
  return compilePlan({
    ...configuration,
    ...{ network, inputs, task, freeze },
    correction: correctionOf(configuration.correction),
    optimizer: optimizerOf(configuration.optimizer),
    partBytes,
  });
}
