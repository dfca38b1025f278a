/**
 * Compiles a configuration and a few facts about the data to network, plan, strategies and initial
 * weights. It is a function of these alone, so everybody who has them gets the same result on any
 * machine.
 */
import { type DataFacts, factsOf } from '../../data/dataset.js';
import { correctionOf, optimizerOf } from '../../engine/nn/by-name.js';
import { withConstants } from '../../engine/nn/layers/constants.js';
import { parametersOf } from '../../engine/nn/layers/network.js';
import type { ModelDescription } from '../../engine/nn/model-file.js';
import { compilePlan, type Plan } from '../../engine/nn/plan.js';
import type { SumPlan } from '../../engine/nn/sum-plan.js';
import type { Configuration } from '../../protocol/configuration/configuration.js';
import { datasetName } from '../../protocol/configuration/dataset-name.js';
import { hasSiteStatistics } from '../../protocol/configuration/own-parts.js';
import type { StateDict, StateLayout } from '../../tensor/state-dict.js';
import type { Codecs } from '../../transforms/codec/codec.js';
import { type SurveyPlan, surveyPlanOf } from '../methods/federated-survey.js';
import type { FrozenWeights } from '../methods/frozen-weights.js';
import type { Method } from '../methods/method.js';
import { methodPlans, methodsFor } from '../methods/methods.js';
import { type OwnTensors, splitLayout } from '../methods/own-tensors.js';
import { preprocessingPlanOf } from '../methods/preprocessing.js';
import { type RefitPlan, refitPlanOf } from '../methods/refit.js';
import { type SiteStatistics, siteStatistics } from '../methods/site-statistics.js';
import type { ChosenStrategies } from './chosen-strategies.js';
import type { NamedParts } from './extensions.js';
import {
  frozenWeights,
  type GivenModel,
  givenModel,
  initialWeights,
  ownTensors,
  partOf,
} from './initial-weights.js';
import { type Learner, learnerOf } from './learner.js';

/** Weights that are not drawn by the seed. */
export interface GivenWeights {
  /** The weights to start from. */
  readonly init?: GivenModel | undefined;
  /**
   * The frozen weights, constants and first own tensors that the coordinator sent, for a model that
   * only it has.
   */
  readonly held?: StateDict | undefined;
}

export interface CompiledFederation extends ChosenStrategies {
  readonly facts: DataFacts;
  readonly configuration: Configuration;
  readonly plan: Plan;
  /** The tensors that travel with updates and are merged. */
  readonly layout: StateLayout;
  /** Tensors that stay with their owner; undefined where everything is shared. */
  readonly own: OwnTensors | undefined;
  readonly methods: readonly Method[];
  /** The graphs of those methods that have one, by the name of the method. */
  readonly methodPlans: Readonly<Record<string, SumPlan>>;
  readonly refit: RefitPlan | undefined;
  /** Set if round 1 begins with a survey, from which constants follow. */
  readonly survey: SurveyPlan | undefined;
  /** Set if each participant makes them of its own rows. */
  readonly statistics: SiteStatistics | undefined;
  /** The codecs of updates and of models. */
  readonly codec: Codecs;
  /** The metadata of a model's file. */
  readonly model: ModelDescription;
  /** What no step changes, with the table of the whole model; undefined if there is nothing. */
  readonly frozen: FrozenWeights | undefined;
  /**
   * What a participant begins with, of what is shared. @throws ConfigurationError when only the
   * coordinator has that model.
   */
  initialState(participant: string): StateDict;
}

/** A compiled federation whose network is available. */
export interface FederationWithNetwork extends CompiledFederation, Learner {}

/** @param source the name of the configuration in errors */
export function compileFederation(
  configuration: Configuration,
  facts: DataFacts,
  { strategy, compared, methods: brought, codec, ...own }: NamedParts,
  source: string,
  { init, held }: GivenWeights = {},
): FederationWithNetwork {
  const learner = learnerOf(configuration, facts, own, source);
  // The cut into parts is the default one, not the machine's, so that the plan is the same
  // everywhere.
  const plan = planCutFor({ configuration, ...learner });
  const { constants } = configuration;
  const parameters = withConstants(parametersOf(learner.network, learner.inputs, learner), constants);
  const given = init && givenModel(configuration, parameters, init);
  const split = splitLayout(plan.layout, configuration.share, source);
  const methods = methodsFor(configuration, [strategy, ...compared], brought, split !== undefined);
  const initial = initialWeights(configuration, parameters, given, source);
  const frozen = frozenWeights(configuration, parameters, given ?? held);
  const preprocessing = preprocessingPlanOf(configuration, facts, source);
  return {
    ...{ configuration, facts, ...learner, plan, strategy, compared },
    layout: split?.shared ?? plan.layout,
    own: split && ownTensors(split, initial, held),
    frozen,
    methods,
    methodPlans: methodPlans(methods, (method) => method.plan(learner)),
    refit: refitPlanOf(configuration, learner),
    survey: surveyPlanOf(configuration, facts, preprocessing),
    statistics: siteStatistics(preprocessing, frozen),
    codec,
    model: modelDescription(configuration, facts),
    initialState: split === undefined ? initial : partOf(split.shared, initial),
  };
}

export const modelDescription = (configuration: Configuration, facts: DataFacts): ModelDescription => {
  const { model, normalization, imageFit, dataset, share } = configuration;
  return {
    network: model,
    inputs: facts.inputs.map(factsOf),
    targets: facts.targets.map(factsOf),
    ...(facts.inputs[0]?.meaning.kind === 'picture' && {
      normalization,
      ...(imageFit !== 'stretch' && { imageFit }),
    }),
    dataset: datasetName(dataset),
    ...(share && { share }),
    ...(hasSiteStatistics(configuration) && { statistics: 'site' }),
  };
};

/** Of a participant's own model: the shared tensors, and its own tensors and statistics. */
export const personalDescription = ({
  share: _,
  statistics: __,
  ...description
}: ModelDescription): ModelDescription => description;

/**
 * The plan of a federation with batches cut for a runtime: the same step, with sums added in
 * another order. Where batch norm looks at each part of a batch, the cut is the same everywhere.
 * @param partBytes of that runtime; the hash that is compared is that of the default cut
 */
export function planCutFor(
  {
    configuration,
    network,
    inputs,
    task,
    train,
    freeze,
  }: Learner & Pick<CompiledFederation, 'configuration'>,
  partBytes?: number,
): Plan {
  const { model } = configuration;
  const normPerPart = 'norm' in model && model.norm === 'per-part';
  return compilePlan({
    ...configuration,
    ...{ network, inputs, task, train, freeze, groups: configuration.optimizer.groups },
    correction: correctionOf(configuration.correction),
    optimizer: optimizerOf(configuration.optimizer),
    ...(normPerPart ? { normPerPart } : { partBytes }),
  });
}
