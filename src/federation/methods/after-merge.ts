/**
 * The coordinator's steps after a merge: a step of the server optimizer, which makes the model that
 * is copied, and the average of the rounds' models. The optimizer's slots and the average are kept
 * in the store for the next round; the fact of the merge has their SHA-256.
 */

import { scheduleOf } from '../../engine/nn/by-name.js';
import { weightsIn } from '../../engine/nn/layers/network.js';
import { averageOf, averageStep, type ModelAverage } from '../../merge/average/model-average.js';
import { initialSlots, type ServerOptimizer, serverStep } from '../../merge/server/server-optimizer.js';
import { serverOptimizerOf } from '../../merge/server/server-optimizers.js';
import { type Configuration, ConfigurationError } from '../../protocol/configuration/configuration.js';
import { layoutSize, type StateDict, stateLayout } from '../../tensor/state-dict.js';
import type { RoundRecord } from '../rounds/round.js';
import type { RoundEvent } from '../rounds/round-events.js';
import type { RunStore } from '../rounds/run-store.js';

export interface AfterMerge {
  readonly server?: ServerPlan | undefined;
  readonly average?: ModelAverage | undefined;
}

interface ServerPlan {
  readonly optimizer: ServerOptimizer;
  /**
   * The first round whose updates began from one state, w_t: 2 if every participant had its own
   * initial weights.
   */
  readonly from: number;
  learningRate(round: number): number;
}

/** @throws ConfigurationError when the average begins after the last round */
export function afterMergeOf(
  { server, average, rounds, initialWeights, initialModel }: Configuration,
  source: string,
): AfterMerge {
  if (average?.name === 'swa' && average.from > rounds) {
    throw new ConfigurationError(
      `${source}: "average.from" is ${average.from}, expected a round of the run, from 1 to ${rounds}`,
    );
  }
  return {
    server: server && {
      optimizer: serverOptimizerOf(server),
      from: initialWeights === 'independent' && initialModel === undefined ? 2 : 1,
      learningRate: (round) => server.learningRate * scheduleOf(server.schedule)(round - 1, rounds),
    },
    average: average && averageOf(average),
  };
}

export interface MergedRound {
  readonly round: number;
  /** The strategy's result. */
  readonly merged: StateDict;
  /** w_t; undefined if the updates did not begin from one state. */
  readonly base: StateDict | undefined;
  /** The round before this one. */
  readonly before: RoundRecord | undefined;
}

export interface AfterRound {
  /** The model that is copied. */
  readonly model: StateDict;
  /** The average with its name; empty if there is none. */
  readonly averaged: readonly [name: string, model: StateDict][];
  /** The fields of the round's fact that name the kept states. */
  readonly kept: Pick<Extract<RoundEvent, { type: 'merged' }>, 'server' | 'average'>;
}

export async function afterMerge(plan: AfterMerge, of: MergedRound, store: RunStore): Promise<AfterRound> {
  const { model, server } = await stepOfServer(plan.server, of, store);
  const { averaged, average } = await averageWith(plan.average, { ...of, merged: model }, store);
  return { model, averaged, kept: { ...(server && { server }), ...(average && { average }) } };
}

async function stepOfServer(
  server: ServerPlan | undefined,
  { round, merged, base, before }: MergedRound,
  store: RunStore,
): Promise<{ model: StateDict; server?: string }> {
  if (server === undefined || round < server.from) return { model: merged };
  if (base === undefined) throw new Error(`internal: round ${round} has no base for the server's step`);
  const { optimizer } = server;
  // The optimizer leaves statistics and counters as they were merged.
  const size = weightsIn(merged.layout);
  const layout = stateLayout(optimizer.slots.map(({ name }) => [name, [size]]));
  const slots =
    round === server.from
      ? initialSlots(optimizer, size)
      : await keptSlots(round - 1, before?.merged?.server, size, store);
  const step = serverStep(
    optimizer,
    base.data.subarray(0, size),
    merged.data.subarray(0, size),
    slots,
    server.learningRate(round),
  );
  const state = merged.data.slice();
  state.set(step.state);
  const data = new Float32Array(layoutSize(layout));
  step.slots.forEach((slot, k) => {
    data.set(slot, k * size);
  });
  const sha256 = await store.put({ type: 'server', round }, { layout, data });
  return { model: { layout: merged.layout, data: state }, server: sha256 };
}

async function keptSlots(round: number, sha256: string | undefined, size: number, store: RunStore) {
  if (sha256 === undefined) throw new Error(`internal: round ${round} has left no slots`);
  const { layout, data } = await store.get({ type: 'server', round }, sha256);
  return layout.map(({ offset }) => data.subarray(offset, offset + size));
}

async function averageWith(
  average: ModelAverage | undefined,
  { round, merged, before }: MergedRound,
  store: RunStore,
): Promise<{ averaged: [string, StateDict][]; average?: string }> {
  if (average === undefined || round < average.from) return { averaged: [] };
  const sha256 = before?.merged?.average;
  if (round > average.from && sha256 === undefined) {
    throw new Error(`internal: round ${round - 1} has left no average`);
  }
  const earlier = sha256 && (await store.get({ type: 'average', round: round - 1 }, sha256));
  const data = averageStep(
    average,
    earlier ? earlier.data : undefined,
    merged.data,
    round - average.from + 1,
  );
  const model = { layout: merged.layout, data };
  return { averaged: [[average.name, model]], average: await store.put({ type: 'average', round }, model) };
}
