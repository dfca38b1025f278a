/**
 * Closes a round: merges the updates, takes the coordinator's own steps (`after-merge.ts`),
 * evaluates the models, and lets methods merge the attachments. All runs use it; a port
 * (`round-updates.ts`) hides where the updates are stored.
 */
import type { StateDict } from '../../../tensor/state-dict.js';
import type { TaskRunner } from '../../../training/tasks.js';
import { plain } from '../../../transforms/codec/plain.js';
import { type AfterRound, afterMerge } from '../../methods/after-merge.js';
import { mergeAttachments } from '../../methods/attachments.js';
import { methodsOf } from '../../methods/methods.js';
import { type FederationPlan, isPersonal } from '../../plan/plan-parts.js';
import type { RoundRecord } from '../../rounds/round.js';
import type { RoundEvent } from '../../rounds/round-events.js';
import type { RunStore } from '../../rounds/run-store.js';
import { recordOf } from './base-state.js';
import { measuredDetails } from './measured-details.js';
import type { MergedState, RoundUpdates } from './round-updates.js';
import { modelsTested, type TestedModel, type TestedModels } from './test-models.js';

export interface RoundClosing {
  readonly plan: Omit<FederationPlan, 'shares' | 'attackers'>;
  readonly store: RunStore;
  readonly rounds: readonly RoundRecord[];
  readonly updates: RoundUpdates;
  /**
   * The numbers of examples of all participants that had joined by then, including those without an
   * update.
   */
  readonly examples: ReadonlyMap<string, number>;
  /** Called only if there are test examples. */
  readonly tasks: () => TaskRunner;
  /** Where participants have models of their own: carries out tasks with what one of them has. */
  readonly tasksOf?: ((participant: string) => Promise<TaskRunner>) | undefined;
}

export async function closeRound(round: number, closing: RoundClosing): Promise<RoundEvent> {
  const { plan, store, rounds, updates, examples } = closing;
  const began = performance.now();
  const record = recordOf(rounds, round);
  const counted = record.closed.train?.counted ?? [];
  try {
    const kept = await mergedModel(round, closing);
    const tested = record.evaluated ? await testAll(counted, kept, closing) : untested;
    if (record.evaluated)
      await store.keepDetails(await measuredDetails(record, kept.sha256, tested, closing));
    const common = await mergeAttachments(record, methodsOf(plan, round, record.evaluated), examples, {
      ...{ layout: plan.layout, store, rounds },
    });
    return {
      type: 'merged',
      round,
      sha256: kept.sha256,
      ...kept.facts,
      merged: { ...tested.merged.figures },
      own: { ...tested.own.figures },
      ...(common && { common }),
      ...(counted.length < record.participants.length && { counted: [...counted] }),
      seconds: Math.round(performance.now() - began) / 1000,
    };
  } finally {
    await updates.close();
  }
}

interface KeptModel {
  readonly sha256: string;
  readonly load: () => Promise<StateDict>;
  readonly averaged: AfterRound['averaged'];
  readonly facts: AfterRound['kept'];
}

/** The strategy's merge of the updates, followed by the server optimizer's step if there is one. */
async function mergedModel(
  round: number,
  { plan, store, rounds, updates }: RoundClosing,
): Promise<KeptModel> {
  const merged = await updates.merge(plan.strategy);
  if (plan.server === undefined && plan.average === undefined) {
    return { ...(await keepModel(round, merged, undefined, { plan, store })), averaged: [], facts: {} };
  }
  const base = plan.server && (await updates.base());
  const of = { round, merged: await merged.load(), base, before: rounds[round - 2] };
  const { model, averaged, kept: facts } = await afterMerge(plan, of, store);
  const stepped = plan.server && model;
  return { ...(await keepModel(round, merged, stepped, { plan, store })), averaged, facts };
}

/**
 * Keeps the model that is copied. Where its codec rounds, what everybody goes on with is what its
 * file says.
 * @param stepped the server's, in place of what was merged
 */
async function keepModel(
  round: number,
  merged: MergedState,
  stepped: StateDict | undefined,
  { plan, store }: Pick<RoundClosing, 'plan' | 'store'>,
): Promise<Pick<KeptModel, 'sha256' | 'load'>> {
  const role = { type: 'merged', round } as const;
  if (plan.codec.model === plain && stepped === undefined)
    return { sha256: await merged.keep(), load: merged.load };
  const sha256 = await store.put(role, stepped ?? (await merged.load()));
  return { sha256, load: () => store.get(role, sha256) };
}

const nothing = { figures: {}, metrics: {} };
const untested: TestedModels = { own: nothing, merged: nothing };

async function testAll(
  counted: readonly string[],
  { load, averaged }: KeptModel,
  { plan, updates, tasks, tasksOf = async () => tasks() }: RoundClosing,
): Promise<TestedModels> {
  if (plan.testExamples === 0) return untested;
  const each = await Promise.all(counted.map(tasksOf));
  const by = isPersonal(plan) ? each : [tasks()];
  const compared = plan.compared.map((strategy): TestedModel => {
    let merged: MergedState | undefined;
    return {
      ...{ name: strategy.name, by },
      async load() {
        merged = await updates.merge(strategy);
        return merged.load();
      },
      discard: async () => merged?.discard(),
    };
  });
  const models = [
    { name: plan.strategy.name, by, load, each: plan.bootstrap !== undefined && !isPersonal(plan) },
    ...compared,
    ...averaged.map(([name, model]) => ({ name, by, load: async () => model })),
  ];
  const own = counted.map((name, place) => ({
    ...{ name, by: each.slice(place, place + 1) },
    load: () => updates.load(name),
  }));
  return { merged: await modelsTested(models, plan), own: await modelsTested(own, plan) };
}
