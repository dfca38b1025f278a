/**
 * For networks that are the coordinator's own code: the coordinator offers its compiled plan, and a
 * participant without the network may accept it. A graph from elsewhere then reads the
 * participant's data, so everything that can be checked is checked before it runs: that it is the
 * plan of the description, how much memory it needs, that its models contain only what this package
 * would write, and that they fit the table of tensors, the batch and the inputs. What they compute
 * cannot be checked.
 */
import { categoriesOf } from '../../data/dataset.js';
import { correctionOf, optimizerOf } from '../../engine/nn/by-name.js';
import { MOST_EVALUATED } from '../../engine/nn/evaluation-batch.js';
import { mergedLora } from '../../engine/nn/layers/lora.js';
import type { Plan } from '../../engine/nn/plan.js';
import {
  evaluationSignature,
  signatureProblem,
  sumSignature,
  trainingSignature,
} from '../../engine/nn/plan-signature.js';
import type { SumPlan } from '../../engine/nn/sum-plan.js';
import { CLASS_WEIGHTS } from '../../engine/nn/tasks/balanced-loss.js';
import { measuresOf } from '../../engine/nn/tasks/evaluation-sums.js';
import { type ModelSignature, readModel } from '../../engine/onnx/import/read-model.js';
import type { Configuration } from '../../protocol/configuration/configuration.js';
import type { Description } from '../../protocol/description.js';
import { decodeForeignPlan, encodeForeignPlan, MOST_PLAN_BYTES } from '../../protocol/foreign-plan.js';
import {
  joinStates,
  layoutSize,
  partOfState,
  type StateDict,
  type StateLayout,
  stateLayout,
} from '../../tensor/state-dict.js';
import { FederationError } from '../error.js';
import { surveyPlanOf } from '../methods/federated-survey.js';
import type { FrozenWeights } from '../methods/frozen-weights.js';
import { makerOf } from '../methods/made-constants.js';
import type { Method } from '../methods/method.js';
import { methodPlans, methodsFor } from '../methods/methods.js';
import { splitLayout } from '../methods/own-tensors.js';
import { preprocessingPlanOf } from '../methods/preprocessing.js';
import { siteStatistics } from '../methods/site-statistics.js';
import {
  type CompiledFederation,
  type FederationWithNetwork,
  modelDescription,
} from './compile-federation.js';
import { checkDemanded, demandedBytes, leastBytes, type MemoryLimit } from './demands.js';
import type { NamedParts } from './extensions.js';
import { joinFrozen, ownTensors } from './initial-weights.js';
import { sidesOf } from './learner.js';
import { planHash } from './plan-hash.js';

/**
 * The file of the plan, if participants may need it: undefined if they compile it themselves, or
 * draw their own initial weights, which needs the network itself.
 * @param toAll also offers a network that all participants of this package can compile, for
 * participants in other languages
 * @throws FederationError when it must be offered to all and cannot be
 */
export function offeredPlan(federation: FederationWithNetwork, toAll = false): Uint8Array | undefined {
  const { configuration, plan, methodPlans: methods } = federation;
  if (toAll && drawsItsOwn(configuration)) {
    throw new FederationError(
      'federation: the plan is to be offered, but "initialWeights" is "independent": each participant draws its own weights, which takes the network itself',
      { hint: 'set "initialWeights" to "shared", or do not offer the plan' },
    );
  }
  if ((configuration.model.name !== 'custom' && !toAll) || drawsItsOwn(configuration)) return undefined;
  const { layout, frozen, trainingModel, evaluationModel } = plan;
  const table = (of: StateLayout) => of.map(({ name, shape }): [string, number[]] => [name, [...shape]]);
  const bytes = encodeForeignPlan({
    ...{ memoryBytes: demandedBytes(configuration, federation), trainingModel, evaluationModel },
    ...{ tensors: table(layout), frozen: table(frozen) },
    methods,
  });
  if (bytes.length <= MOST_PLAN_BYTES) return bytes;
  if (!toAll) return undefined;
  throw new FederationError(
    `federation: the plan is to be offered, but has ${bytes.length} bytes, expected at most ${MOST_PLAN_BYTES}`,
  );
}

const drawsItsOwn = ({ initialModel, initialWeights }: Configuration) =>
  initialModel === undefined && initialWeights === 'independent';

/** Why a participant without the network cannot take part, and what to do about it. */
export function noNetwork({ foreignPlan }: Description, configuration: Configuration, source: string) {
  const missing = `${source}: "model.name" is "custom", which is the coordinator’s own code, but no network is given`;
  const bring = 'bring it, by joinFederation(end, name, { extensions: { network } }) in a program';
  if (drawsItsOwn(configuration)) {
    return new FederationError(`${missing}, and each participant draws its own initial weights by it`, {
      hint: `${bring}; or ask for a federation with shared initial weights`,
    });
  }
  if (foreignPlan === undefined) {
    return new FederationError(`${missing}, and the coordinator offers no plan`, { hint: bring });
  }
  return new FederationError(missing, {
    hint: `${bring}; or say --accept-foreign-plan: ${FOREIGN_PLAN_RISK}`,
  });
}

/** The risk of accepting one, in a sentence. */
export const FOREIGN_PLAN_RISK =
  'a graph of the coordinator’s then reads your data, and could copy them into what it calls weights';

/**
 * @param bytes the file that the description names
 * @throws CommonweightError that says what is wrong with it
 */
export async function takeForeignPlan(
  bytes: Uint8Array,
  { inputs: given, targets, participants, plan: expected }: Description,
  configuration: Configuration,
  { strategy, compared, methods: own, codec, task: ownTask }: Omit<NamedParts, 'network'>,
  limit: MemoryLimit,
  held: StateDict | undefined,
): Promise<CompiledFederation> {
  if (configuration.refit !== undefined) {
    throw new FederationError(
      `federation: "refit" is set, which needs the network itself, but the coordinator offers a plan only`,
      { hint: 'bring the network, by joinFederation(end, name, { extensions: { network } }) in a program' },
    );
  }
  const { trainingModel, evaluationModel, memoryBytes, methods: offered, ...read } = decodeForeignPlan(bytes);
  const [layout, frozen] = [stateLayout(read.tensors), stateLayout(read.frozen)];
  const actual = await planHash({ layout, frozen, trainingModel, evaluationModel });
  if (actual !== expected) {
    throw new FederationError(
      `federation: the plan that the coordinator offers has the SHA-256 ${actual}, expected ${expected}, that of its description`,
    );
  }
  const facts = { inputs: given, targets };
  const { inputs, task } = sidesOf(configuration, facts, ownTask, 'the description of the federation');
  // The plan may understate its need; it needs at least this much.
  const least = leastBytes(configuration, layoutSize(layout), inputs);
  const demanded = () => Math.max(memoryBytes, least);
  checkDemanded(configuration, demanded, inputs, participants.length, limit);
  const plan: Plan = {
    ...{
      layout,
      frozen,
      inputs,
      targets: task.targets,
      trainingModel,
      evaluationModel,
      batchSize: configuration.batchSize,
    },
    evaluationBatchSize: evaluatedBy(evaluationModel),
    measures: measuresOf(task),
    slotCount: optimizerOf(configuration.optimizer).slotCount,
    correctionInputs: correctionOf(configuration.correction)?.reads ?? [],
    // The coordinator aligns models.
    permutationGroups: [],
  };
  const categories = categoriesOf(facts).length;
  checkModel('training model', trainingModel, trainingSignature(plan, categories));
  checkModel('evaluation model', evaluationModel, evaluationSignature(plan));
  const source = 'the description of the federation';
  const split = splitLayout(layout, configuration.share, source);
  const preprocessing = preprocessingPlanOf(configuration, facts, source);
  const frozenParts = foreignFrozen(frozen, held, configuration);
  const methods = methodsFor(configuration, [strategy, ...compared], own, split !== undefined);
  const initialState = () => {
    throw new FederationError(
      'federation: the coordinator asks for training from initial weights, expected the weights themselves: nothing here can draw those of its network',
    );
  };
  return {
    ...{ configuration, facts, strategy, compared, codec, plan },
    model: modelDescription(configuration, facts),
    layout: split?.shared ?? layout,
    own: split && ownTensors(split, initialState, held),
    ...{ refit: undefined, frozen: frozenParts },
    survey: surveyPlanOf(configuration, facts, preprocessing),
    statistics: siteStatistics(preprocessing, frozenParts),
    methods,
    methodPlans: methodPlans(methods, (method) => checkedPlan(method, offered[method.name], plan)),
    initialState,
  };
}

/** The graph of a method that only the coordinator can compile. */
function checkedPlan({ title }: Method, offered: SumPlan | undefined, plan: Plan): SumPlan {
  if (offered === undefined) {
    throw new FederationError(
      `federation: the plan that the coordinator offers has no model of the ${title}, which updates carry`,
    );
  }
  checkModel(`model of the ${title}`, offered.model, sumSignature(plan, offered));
  return offered;
}

/**
 * The frozen weights of a network that only the coordinator has.
 */
function foreignFrozen(
  layout: StateLayout,
  held: StateDict | undefined,
  configuration: Configuration,
): FrozenWeights | undefined {
  if (layout.length === 0) return undefined;
  const maker = makerOf(configuration);
  const { lora } = configuration;
  const part = (by: ReturnType<typeof maker>) =>
    stateLayout(layout.filter(({ name }) => maker(name) === by).map(({ name, shape }) => [name, shape]));
  const there = part('nobody');
  if (held === undefined && there.length > 0) {
    throw new FederationError(
      'federation: the plan that the coordinator offers has frozen weights, expected the coordinator to send them',
    );
  }
  const known = held && there.length > 0 ? partOfState(held, there) : undefined;
  return {
    ...{ layout, made: part('survey'), isKnown: there.length === layout.length, known },
    whole: (made, beside) => joinFrozen(layout, beside, known, made),
    complete(state, made) {
      const parts = [state, known, made].filter((one) => one !== undefined);
      const tables = parts.flatMap((one) => one.layout).filter(({ name }) => name !== CLASS_WEIGHTS);
      const table = stateLayout(tables.map(({ name, shape }) => [name, shape]));
      return lora ? mergedLora(table, parts, lora) : joinStates(table, ...parts);
    },
  };
}

const offeredBy = (name: string) => `the ${name} that the coordinator offers`;

/** How many examples it takes, where that is a number that this package would choose. */
function evaluatedBy(model: Uint8Array): number {
  const { inputs } = readModel(model, offeredBy('evaluation model'));
  const [size = 1] = inputs.find(({ name }) => name === 'weights')?.shape ?? [];
  return Math.max(1, Math.min(size, MOST_EVALUATED));
}

function checkModel(name: string, bytes: Uint8Array, expected: ModelSignature): void {
  const what = offeredBy(name);
  const problem = signatureProblem(readModel(bytes, what), expected);
  if (problem !== undefined) throw new FederationError(`federation: ${what} does not fit: ${problem}`);
}
