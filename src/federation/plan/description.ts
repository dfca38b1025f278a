/**
 * A federation described to those who take part from elsewhere, and what they make of it: the same
 * plan, compiled by themselves, or an error that says why it is another.
 */

import { canonicalJson } from '../../base/canonical-json.js';
import { factsOf } from '../../data/dataset.js';
import { requireFinite } from '../../engine/nn/model-file.js';
import { factsOfMetrics } from '../../engine/nn/tasks/measures.js';
import type { Task } from '../../engine/nn/tasks/task.js';
import type { Strategy } from '../../merge/strategy.js';
import type { Blob } from '../../protocol/blob-name.js';
import {
  type Configuration,
  ConfigurationError,
  parseConfiguration,
} from '../../protocol/configuration/configuration.js';
import { withoutPath } from '../../protocol/configuration/dataset-name.js';
import { distributedProblem } from '../../protocol/configuration/distributed-problem.js';
import { type Description, descriptionSchema } from '../../protocol/description.js';
import { PROTOCOL_VERSION } from '../../protocol/version.js';
import { decodeSafetensors } from '../../tensor/safetensors.js';
import type { StateDict } from '../../tensor/state-dict.js';
import type { Codec } from '../../transforms/codec/codec.js';
import { FederationError } from '../error.js';
import type { Method } from '../methods/method.js';
import { chooseStrategies } from './chosen-strategies.js';
import { type CompiledFederation, compileFederation } from './compile-federation.js';
import { checkDemands, MORE_MEMORY, MOST_MEMORY_BYTES } from './demands.js';
import { noNetwork, takeForeignPlan } from './foreign-plan.js';
import { learnerOf, type OwnLearner } from './learner.js';
import { planHash } from './plan-hash.js';

export interface Job {
  /** 16 hexadecimal digits. */
  readonly job: string;
  /** In the order in which updates are merged. */
  readonly participants: readonly string[];
  /** Of this package. */
  readonly version?: string | undefined;
  /** The plan, where it is offered. */
  readonly foreignPlan?: Blob | undefined;
  /** What is frozen, where participants cannot draw it. */
  readonly frozen?: Blob | undefined;
}

/** @throws ConfigurationError when the configuration is of one machine only. */
export async function describeFederation(
  { configuration, facts, plan, methods }: CompiledFederation,
  { job, participants, version, foreignPlan, frozen }: Job,
): Promise<Description> {
  requireDistributed(configuration, 'a federation across machines');
  const parsed = descriptionSchema.safeParse({
    protocol: PROTOCOL_VERSION,
    job,
    configuration: withoutPath(configuration),
    participants: [...participants],
    inputs: facts.inputs.map(factsOf),
    targets: facts.targets.map(factsOf),
    plan: await planHash(plan),
    ...(methods.length > 0 && { attachments: methods.map(({ name }) => name) }),
    ...(foreignPlan !== undefined && { foreignPlan }),
    ...(frozen !== undefined && { frozen }),
    ...(version !== undefined && { commonweight: version }),
  } satisfies Description);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0] as (typeof parsed.error.issues)[number];
  throw new FederationError(`federation: it cannot be described to others: "${path.join('.')}": ${message}`);
}

/** With the coordinator's own network and task, where `{ name: 'custom' }` stands for them. */
export interface DescriptionOptions extends OwnLearner {
  /** Strategies of one's own, which the configuration may name. */
  readonly strategies?: readonly Strategy[] | undefined;
  /** Methods of one's own: those that the coordinator has. */
  readonly methods?: readonly Method[] | undefined;
  /** Codecs of one's own: those that the coordinator has. */
  readonly codecs?: readonly Codec[] | undefined;
  /** Of this package. */
  readonly version?: string | undefined;
  /** That its work may take; 8 GB by default. */
  readonly mostMemoryBytes?: number | undefined;
  /**
   * The file of the coordinator's plan, to be taken where there is no network to compile it from.
   */
  readonly foreignPlan?: Uint8Array | undefined;
  /** The file of what is frozen, where the description names one. */
  readonly frozen?: Uint8Array | undefined;
  /** What to do where it would take more. */
  readonly memoryHint?: string | undefined;
}

/**
 * Compiles what is described. Nothing of the coordinator's is executed: only what this package, or
 * the program, brings; or else what was accepted by handing in `foreignPlan`.
 * @throws FederationError when the coordinator speaks another protocol, asks for too much, or its
 *   plan is another
 * @throws ConfigurationError when the configuration cannot be carried out
 */
export async function compileDescription(
  description: Description,
  options: DescriptionOptions = {},
): Promise<CompiledFederation> {
  const { network, task, strategies = [], methods = [], codecs, version } = options;
  const { mostMemoryBytes = MOST_MEMORY_BYTES, memoryHint = MORE_MEMORY } = options;
  const limit = { bytes: mostMemoryBytes, hint: memoryHint };
  const { protocol, inputs, targets, plan: expected, commonweight } = description;
  const there = commonweight === undefined ? '' : ` of commonweight ${commonweight}`;
  const here = version === undefined ? '' : ` of commonweight ${version}`;
  if (protocol !== PROTOCOL_VERSION) {
    throw new FederationError(
      `federation: the coordinator${there} speaks protocol ${protocol}, this participant${here} ${PROTOCOL_VERSION}`,
      { hint: 'install the same version of commonweight on both sides' },
    );
  }
  const source = 'the description of the federation';
  // What came by the wire has passed the schema, but not what its fields must be together.
  const configuration = parseConfiguration(description.configuration, source);
  requireDistributed(configuration, source);
  const chosen = { ...chooseStrategies(configuration, strategies, source, methods), methods, codecs };
  const { participants } = description;
  if (participants.length !== configuration.partition.participants) {
    throw new FederationError(
      `federation: it names ${participants.length} participants, expected as many as "partition.participants", which is ${configuration.partition.participants}`,
    );
  }
  const held = options.frozen && frozenIn(options.frozen);
  if (configuration.model.name === 'custom' && network === undefined) {
    if (options.foreignPlan === undefined) throw noNetwork(description, configuration, source);
    const taken = await takeForeignPlan(
      options.foreignPlan,
      description,
      configuration,
      { ...chosen, task },
      limit,
      held,
    );
    if (task !== undefined) requireSameMetrics(configuration, task);
    requireSameMethods(description, taken);
    return taken;
  }
  const facts = { inputs, targets };
  const learner = learnerOf(configuration, facts, { network, task }, source);
  requireSameMetrics(configuration, learner.task);
  checkDemands(configuration, learner, participants.length, limit);
  const compiled = compileFederation(configuration, facts, { ...chosen, network, task, held }, source);
  requireSameMethods(description, compiled);
  const actual = await planHash(compiled.plan);
  if (actual === expected) return compiled;
  const sameVersion = version !== undefined && version === commonweight;
  throw new FederationError(
    `federation: the plan that was compiled here${here} has the SHA-256 ${actual}, expected ${expected}, that of the coordinator${there}`,
    {
      hint: [configuration.model.name, configuration.task.name].includes('custom')
        ? 'pass the very network and task that the coordinator has'
        : sameVersion
          ? 'one of both was changed: install commonweight anew'
          : 'install the same version of commonweight on both sides',
    },
  );
}

/**
 * @throws FederationError when what updates carry is computed here by other methods than the
 *   coordinator has.
 */
function requireSameMethods({ attachments = [] }: Description, { methods }: CompiledFederation): void {
  const here = methods.map(({ name }) => name);
  const listed = (names: readonly string[]) => (names.length === 0 ? 'none' : names.join(', '));
  if (listed(here) === listed(attachments)) return;
  throw new FederationError(
    `federation: updates of this run carry the attachments ${listed(attachments)}, the methods here compute ${listed(here)}`,
    {
      hint: 'bring the methods that the coordinator has, in the same order: joinFederation(end, name, { methods })',
    },
  );
}

/**
 * @throws FederationError when a task of one's own is measured here by other metrics than the
 *   coordinator's
 */
function requireSameMetrics({ task: told }: Configuration, own: Task): void {
  if (told.name !== 'custom') return;
  const [here, there] = [factsOfMetrics(own), told.metrics].map((metrics) => canonicalJson(metrics));
  if (here === there) return;
  throw new FederationError(
    `federation: the task that was given is measured by ${here}, expected ${there}, as the coordinator does`,
    { hint: 'pass the very task that the coordinator has' },
  );
}

/** @throws ModelFileError when one of them is not a finite number */
function frozenIn(bytes: Uint8Array): StateDict {
  const what = 'the frozen weights that the coordinator offers';
  const { state } = decodeSafetensors(bytes, what);
  requireFinite(state, what);
  return state;
}

/** @throws ConfigurationError when the configuration is of one machine only. */
export function requireDistributed(configuration: Configuration, source: string): void {
  const problem = distributedProblem(configuration);
  if (problem === undefined) return;
  const { message, hint } = problem;
  throw new ConfigurationError(`${source}: ${message}`, hint === undefined ? {} : { hint });
}
