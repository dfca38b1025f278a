/**
 * The updates of a round in a store, merged together in memory. A run without a folder uses it; its
 * store is in memory anyway.
 *
 * All updates of a round lie there until it is closed, even if the strategy needs no more than
 * their sum. They cannot be added as they arrive. The order of addition is that of their content
 * (`merge/memory/state-order.ts`), so that neither names nor arrival change a byte; it is known
 * when all are there. And closing a round reads each update again, to test it and to measure drift.
 * A run of many participants needs a folder: then sums are made file by file
 * (`updates-in-files.ts`), and memory does not grow with the updates.
 */
import { turnTaker } from '../../../base/turns.js';
import { mergeInTurns, type Update } from '../../../merge/memory/merge.js';
import type { StateDict } from '../../../tensor/state-dict.js';
import { plain } from '../../../transforms/codec/plain.js';
import { auxiliariesOf } from '../../methods/attachments.js';
import type { FederationPlan } from '../../plan/plan-parts.js';
import { baseState, type RecordedRounds, recordOf } from './base-state.js';
import { mergeOptions, needsBase } from './merge-options.js';
import type { RoundUpdates } from './round-updates.js';

export interface StoredRounds extends RecordedRounds {
  readonly plan: FederationPlan;
}

/** The number of values of an update in one column. */
const COLUMN = 65_536;

export function updatesInMemory(round: number, of: StoredRounds): RoundUpdates {
  const { plan, store, rounds } = of;
  const takeTurn = turnTaker();
  const counted = recordOf(rounds, round).closed.train?.counted ?? [];
  const base = async () =>
    round === 1 && plan.startsApart ? undefined : baseState(round, counted[0] as string, of);
  let loaded: ReturnType<typeof loadAll> | undefined;
  const loadAll = async () => {
    const updates: Update[] = [];
    for (const participant of counted) {
      updates.push(await updateOf(participant, round, of));
      await takeTurn();
    }
    const common = needsBase(plan) ? await base() : undefined;
    return { updates: plan.align?.(updates, common) ?? updates, common };
  };
  return {
    async merge(strategy) {
      loaded ??= loadAll();
      const { updates, common } = await loaded;
      const state = await mergeInTurns(strategy, updates, mergeOptions(plan, common), takeTurn);
      return {
        load: async () => state,
        keep: () => store.put({ type: 'merged', round }, state),
        discard: async () => {},
      };
    },
    base,
    load: async (participant) => (await updateOf(participant, round, of)).state,
    async *columns(participants) {
      const states: StateDict[] = [];
      const bases: StateDict[] = [];
      for (const participant of participants) {
        states.push((await updateOf(participant, round, of)).state);
        bases.push(
          round === 1 || bases[0] === undefined ? await baseState(round, participant, of) : bases[0],
        );
      }
      const size = states[0]?.data.length ?? 0;
      for (let at = 0; at < size; at += COLUMN) {
        const piece = ({ data }: StateDict) => data.subarray(at, at + COLUMN);
        yield { states: states.map(piece), bases: bases.map(piece) };
      }
    },
    close: async () => {},
  };
}

/** A participant's update with the attachments that strategies read. */
export async function updateOf(participant: string, round: number, of: StoredRounds): Promise<Update> {
  const { plan, store, rounds } = of;
  const update = recordOf(rounds, round).updates.get(participant);
  if (update === undefined) throw new Error(`internal: the update of "${participant}" is not in`);
  const base = plan.codec.update === plain ? undefined : await baseState(round, participant, of);
  const state = await store.get({ type: 'update', round, participant }, update.sha256, base);
  const auxiliaries = await auxiliariesOf(update, round, [plan.strategy, ...plan.compared], store);
  return { name: participant, examples: update.examples, state, ...auxiliaries };
}
