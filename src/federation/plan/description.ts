/**
 * Describes a federation to participants elsewhere, and compiles such a description: each
 * participant gets the same plan by itself, or an error that says why it differs.
 */

import { canonicalJson } from '../../base/canonical-json.js';
import { factsOf } from '../../data/dataset.js';
import { requireFinite } from '../../engine/nn/model-file.js';
import { factsOfMetrics } from '../../engine/nn/tasks/evaluation-sums.js';
import type { Task } from '../../engine/nn/tasks/task.js';
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
import { joinStates, type StateDict, stateLayout } from '../../tensor/state-dict.js';
import { FederationError } from '../error.js';
import { attachedNames } from '../methods/methods.js';
import { type CompiledFederation, compileFederation } from './compile-federation.js';
import { checkDemands, MORE_MEMORY, MOST_MEMORY_BYTES } from './demands.js';
import { type Extensions, namedParts } from './extensions.js';
import { noNetwork, takeForeignPlan } from './foreign-plan.js';
import { learnerOf } from './learner.js';
import { planHash } from './plan-hash.js';

export interface Job {
  /** 16 hexadecimal digits. */
  readonly job: string;
  /** In the order in which updates are merged. */
  readonly participants: readonly string[];
  /** Of this package. */
  readonly version?: string | undefined;
  /** The plan, if it is offered. */
  readonly foreignPlan?: Blob | undefined;
  /** The frozen weights, if participants cannot draw them. */
  readonly frozen?: Blob | undefined;
  /** … and own tensors, as everybody begins with them. */
  readonly own?: Blob | undefined;
  /** The tokenizer of texts. */
  readonly tokenizer?: Blob | undefined;
}

/** @throws ConfigurationError when the configuration works only on one machine. */
export async function describeFederation(
  { configuration, facts, plan, methods }: CompiledFederation,
  { job, participants, version, foreignPlan, frozen, own, tokenizer }: Job,
): Promise<Description> {
  requireDistributed(configuration, 'a federation across machines');
  const attached = attachedNames(methods);
  const parsed = descriptionSchema.safeParse({
    protocol: PROTOCOL_VERSION,
    job,
    configuration: withoutPath(configuration),
    participants: [...participants],
    inputs: facts.inputs.map(factsOf),
    targets: facts.targets.map(factsOf),
    plan: await planHash(plan),
    ...(attached.length > 0 && { attachments: [...attached] }),
    ...(foreignPlan !== undefined && { foreignPlan }),
    ...(frozen !== undefined && { frozen }),
    ...(own !== undefined && { own }),
    ...(tokenizer !== undefined && { tokenizer }),
    ...(version !== undefined && { commonweight: version }),
  } satisfies Description);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0] as (typeof parsed.error.issues)[number];
  throw new FederationError(`federation: it cannot be described to others: "${path.join('.')}": ${message}`);
}

/** Safetensors files, each there if the description names it. */
export interface HeldFiles {
  readonly frozen?: Uint8Array | undefined;
  readonly own?: Uint8Array | undefined;
}

export interface DescriptionOptions {
  /** What the program brings: the same as the coordinator's. */
  readonly extensions?: Extensions | undefined;
  /** Of this package. */
  readonly version?: string | undefined;
  /** The most memory that its work may take; 8 GB by default. */
  readonly mostMemoryBytes?: number | undefined;
  /**
   * The file of the coordinator's plan, to be accepted if there is no network to compile it from.
   */
  readonly foreignPlan?: Uint8Array | undefined;
  /** The files of what the coordinator alone has, if the description names some. */
  readonly held?: HeldFiles | undefined;
  /** What to do if it would take more. */
  readonly memoryHint?: string | undefined;
}

/**
 * Compiles a description. Nothing from the coordinator is executed: only what this package or the
 * program has; unless `foreignPlan` is passed, which accepts the coordinator's plan.
 * @throws FederationError when the coordinator has another protocol, needs too much, or has another
 * plan
 * @throws ConfigurationError when the configuration cannot be carried out
 */
export async function compileDescription(
  description: Description,
  options: DescriptionOptions = {},
): Promise<CompiledFederation> {
  const { extensions = {}, version } = options;
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
  // The schema has checked each field, but not how fields fit together.
  const configuration = parseConfiguration(description.configuration, source);
  requireDistributed(configuration, source);
  const named = namedParts(configuration, extensions, source);
  const { participants } = description;
  if (participants.length !== configuration.partition.participants) {
    throw new FederationError(
      `federation: it names ${participants.length} participants, expected as many as "partition.participants", which is ${configuration.partition.participants}`,
    );
  }
  const held = options.held && heldIn(options.held);
  if (configuration.model.name === 'custom' && named.network === undefined) {
    if (options.foreignPlan === undefined) throw noNetwork(description, configuration, source);
    const taken = await takeForeignPlan(options.foreignPlan, description, configuration, named, limit, held);
    if (named.task !== undefined) requireSameMetrics(configuration, named.task);
    requireSameMethods(description, taken);
    return taken;
  }
  const facts = { inputs, targets };
  const learner = learnerOf(configuration, facts, named, source);
  requireSameMetrics(configuration, learner.task);
  checkDemands(configuration, learner, participants.length, limit);
  const compiled = compileFederation(configuration, facts, named, source, { held });
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

/** @throws FederationError when the methods here are not those of the coordinator. */
function requireSameMethods({ attachments = [] }: Description, { methods }: CompiledFederation): void {
  const here = attachedNames(methods);
  const listed = (names: readonly string[]) => (names.length === 0 ? 'none' : names.join(', '));
  if (listed(here) === listed(attachments)) return;
  throw new FederationError(
    `federation: updates of this run carry the attachments ${listed(attachments)}, the methods here compute ${listed(here)}`,
    {
      hint: 'bring the methods that the coordinator has, in the same order: joinFederation(end, name, { extensions: { methods } })',
    },
  );
}

/** @throws FederationError when the task here has other metrics than the coordinator's */
function requireSameMetrics({ task: told }: Configuration, own: Task): void {
  if (told.name !== 'custom') return;
  const [here, there] = [factsOfMetrics(own), told.metrics].map((metrics) => canonicalJson(metrics));
  if (here === there) return;
  throw new FederationError(
    `federation: the task that was given is measured by ${here}, expected ${there}, as the coordinator does`,
    { hint: 'pass the task that the coordinator has' },
  );
}

/** All tensors of both files. @throws ModelFileError when a value is not a finite number */
function heldIn({ frozen, own }: HeldFiles): StateDict | undefined {
  const states = [
    ...(frozen ? [soundState(frozen, 'the frozen weights that the coordinator offers')] : []),
    ...(own ? [soundState(own, 'the own tensors to begin with that the coordinator offers')] : []),
  ];
  const [only, second] = states;
  if (second === undefined) return only;
  const tables = states.flatMap(({ layout }) => layout);
  return joinStates(stateLayout(tables.map(({ name, shape }) => [name, shape])), ...states);
}

function soundState(bytes: Uint8Array, what: string): StateDict {
  const { state } = decodeSafetensors(bytes, what);
  requireFinite(state, what);
  return state;
}

/** @throws ConfigurationError when the configuration works only on one machine. */
export function requireDistributed(configuration: Configuration, source: string): void {
  const problem = distributedProblem(configuration);
  if (problem === undefined) return;
  const { message, hint } = problem;
  throw new ConfigurationError(`${source}: ${message}`, hint === undefined ? {} : { hint });
}
