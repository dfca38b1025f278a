/**
 * SCAFFOLD's control variates (Karimireddy et al. 2020, https://arxiv.org/abs/1910.06378, option II), all zero at first:
 *
 *     a participant, after its round:   c_k ← c_k + Δc_k,  Δc_k = (w_t − w_k) / Σ η − c
 *     the coordinator, after the merge: c ← c + Σ_k p_k·Δc_k  over those who took part
 *
 * Σ η are the learning rates of its steps, which gradient steps w ← w − η·(g + c − c_k) turn into the mean of its g. p_k is
 * the participant's share of all examples, the paper's 1/N where all have as many: c stays Σ p_k·c_k of all.
 *
 * Δc_k travels with the update, c with the merged model; c_k stays with the participant.
 */
import type { StateDict, StateLayout } from '../../tensor/state-dict.js';
import type { LocalResult, LocalWork } from '../../training/local-training.js';
import type { RoundRecord } from '../rounds/round.js';
import type { RoundEvent, UpdateRecord } from '../rounds/round-events.js';
import type { RunStore } from '../rounds/run-store.js';

export interface Controls {
  /** c */
  readonly common: Float32Array;
  /** c_k */
  readonly own: Float32Array;
}

interface Kept {
  readonly layout: StateLayout;
  readonly store: RunStore;
  readonly rounds: readonly RoundRecord[];
}

const sizeOf = (layout: StateLayout) => layout.reduce((sum, { size }) => sum + size, 0);
const dictOf = (layout: StateLayout, data: Float32Array): StateDict => ({ layout, data });

/** c before this round. */
async function commonControl(round: number, { layout, store, rounds }: Kept): Promise<Float32Array> {
  const sha256 = rounds[round - 2]?.merged?.control;
  if (sha256 === undefined) return new Float32Array(sizeOf(layout));
  return (await store.get({ type: 'control', round: round - 1 }, sha256)).data;
}

/** The round before this one in which the participant came by its c_k. */
const lastOwn = (round: number, participant: string, rounds: readonly RoundRecord[]) =>
  rounds.slice(0, round - 1).findLast(({ updates }) => updates.get(participant)?.controls !== undefined);

/** What a participant begins a round with. */
export async function controlsBefore(round: number, participant: string, kept: Kept): Promise<Controls> {
  const common = await commonControl(round, kept);
  const last = lastOwn(round, participant, kept.rounds);
  const sha256 = last?.updates.get(participant)?.controls?.own;
  if (last === undefined || sha256 === undefined) return { common, own: new Float32Array(common.length) };
  const role = { type: 'own-control', round: last.round, participant } as const;
  return { common, own: (await kept.store.get(role, sha256)).data };
}

/** c − c_k, which every step adds to its gradient. */
export const driftOf = ({ common, own }: Controls) =>
  common.map((value, place) => value - (own[place] as number));

/** Δc_k */
export function controlChange(
  { common }: Controls,
  base: Float32Array,
  { state, steps }: Pick<LocalResult, 'state' | 'steps'>,
  { learningRates }: Pick<LocalWork, 'learningRates'>,
): Float32Array {
  let rates = 0;
  for (let step = 0; step < steps; step++)
    rates += learningRates[Math.min(step, learningRates.length - 1)] as number;
  return base.map((begin, place) => (begin - (state[place] as number)) / rates - (common[place] as number));
}

/** c_k + Δc_k */
export const ownAfter = (own: Float32Array, change: Float32Array) =>
  own.map((value, place) => value + (change[place] as number));

/** What a participant's round leaves: its new c_k, and Δc_k. */
export interface ControlUpdate {
  readonly own: Float32Array;
  readonly change: Float32Array;
}

/** Keeps both, and says which files they are. */
export async function keepControls(
  { round, participant }: { readonly round: number; readonly participant: string },
  { own, change }: ControlUpdate,
  { layout, store }: Pick<Kept, 'layout' | 'store'>,
): Promise<NonNullable<UpdateRecord['controls']>> {
  return {
    own: await store.put({ type: 'own-control', round, participant }, dictOf(layout, own)),
    change: await store.put({ type: 'control-change', round, participant }, dictOf(layout, change)),
  };
}

/**
 * Keeps the c that follows this round, and says which file it is.
 * @param examples of everybody who had joined by then, those who took no part in the round too
 */
export async function mergeControls(
  { round, closed, updates }: RoundRecord,
  examples: ReadonlyMap<string, number>,
  kept: Kept,
): Promise<string> {
  const total = [...examples.values()].reduce((a, b) => a + b, 0);
  const next = Float64Array.from(await commonControl(round, kept));
  for (const participant of closed.train?.counted ?? []) {
    const sha256 = updates.get(participant)?.controls?.change;
    if (sha256 === undefined) throw new Error(`internal: the controls of "${participant}" are not in`);
    const change = await kept.store.get({ type: 'control-change', round, participant }, sha256);
    const share = (examples.get(participant) ?? 0) / total;
    change.data.forEach((value, place) => {
      next[place] = (next[place] as number) + share * value;
    });
  }
  return kept.store.put({ type: 'control', round }, dictOf(kept.layout, Float32Array.from(next)));
}

/** Removes what the event has made needless. */
export async function discardControls(
  event: RoundEvent,
  rounds: readonly RoundRecord[],
  store: RunStore,
): Promise<void> {
  const { round } = event;
  if (event.type === 'update-received' && event.update.controls !== undefined) {
    const { participant } = event.update;
    const before = lastOwn(round, participant, rounds);
    if (before !== undefined) await store.discard({ type: 'own-control', round: before.round, participant });
  }
  if (event.type === 'merged' && event.control !== undefined) {
    for (const participant of rounds[round - 1]?.participants ?? []) {
      await store.discard({ type: 'control-change', round, participant });
    }
    await store.discard({ type: 'control', round: round - 1 });
  }
}
