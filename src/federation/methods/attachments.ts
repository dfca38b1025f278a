/**
 * The coordinator's side of methods, over the store of a run: the states that participants begin
 * with, the attachments that they hand in, the common states after a merge, and the removal of old
 * ones.
 */
import type { Update } from '../../merge/memory/merge.js';
import type { Strategy } from '../../merge/strategy.js';
import { arrangeState, type StateDict, type StateLayout } from '../../tensor/state-dict.js';
import type { RoundRecord } from '../rounds/round.js';
import type { RoundEvent, UpdateRecord } from '../rounds/round-events.js';
import type { RunStore } from '../rounds/run-store.js';
import type { Method, ParticipantAttachment } from './method.js';
import { auxiliaryNames } from './methods.js';
import { OWN_TENSORS, type OwnTensors } from './own-tensors.js';
import { STATISTICS } from './site-statistics.js';

interface Kept {
  readonly layout: StateLayout;
  readonly store: RunStore;
  readonly rounds: readonly RoundRecord[];
}

interface Of {
  readonly round: number;
  readonly participant: string;
}

/** The states of one method with which a participant begins a round. */
export interface MethodMemory {
  readonly common: StateDict | undefined;
  readonly own: StateDict | undefined;
}

/** The memories by the name of the method. */
export type MethodMemories = ReadonlyMap<string, MethodMemory>;

/** The memories of a participant on this machine. */
export async function memoriesBefore(
  { round, participant }: Of,
  methods: readonly Method[],
  kept: Kept,
): Promise<MethodMemories> {
  const memories = new Map<string, MethodMemory>();
  for (const { name } of methods) {
    memories.set(name, {
      common: await commonBefore(name, round, kept),
      own: await ownBefore(name, { round, participant }, kept),
    });
  }
  return memories;
}

async function commonBefore(name: string, round: number, { store, rounds }: Kept) {
  const sha256 = rounds[round - 2]?.merged?.common?.[name];
  return sha256 === undefined ? undefined : store.get({ type: 'common', name, round: round - 1 }, sha256);
}

async function ownBefore(
  name: string,
  { round, participant }: Of,
  { store, rounds }: Pick<Kept, 'store' | 'rounds'>,
) {
  const last = lastOwn(name, { round, participant }, rounds);
  return last && store.get({ type: 'own', name, round: last.round, participant }, last.sha256);
}

/** The own tensors of a participant on this machine, after a round. */
export async function ownTensorsAfter(
  { round, participant }: Of,
  own: OwnTensors,
  kept: Pick<Kept, 'store' | 'rounds'>,
): Promise<StateDict> {
  const last = await ownBefore(OWN_TENSORS, { round: round + 1, participant }, kept);
  return last
    ? arrangeState(last, own.layout.own, `the own tensors of "${participant}"`)
    : own.initial(participant);
}

/**
 * The statistics that a participant on this machine has kept, after a round; undefined before its
 * first update.
 */
export const statisticsAfter = ({ round, participant }: Of, kept: Pick<Kept, 'store' | 'rounds'>) =>
  ownBefore(STATISTICS, { round: round + 1, participant }, kept);

/** The last earlier round after which the participant kept a state. */
function lastOwn(name: string, { round, participant }: Of, rounds: readonly RoundRecord[]) {
  for (const record of rounds.slice(0, round - 1).reverse()) {
    const sha256 = record.updates.get(participant)?.own?.[name];
    if (sha256 !== undefined) return { round: record.round, sha256 };
  }
  return undefined;
}

/** The attachments of an update that the strategies of a round need. */
export async function auxiliariesOf(
  { participant, attachments = {} }: UpdateRecord,
  round: number,
  strategies: readonly Strategy[],
  store: RunStore,
): Promise<Pick<Update, 'auxiliaries'>> {
  const names = auxiliaryNames(strategies).filter((name) => attachments[name] !== undefined);
  if (names.length === 0) return {};
  const auxiliaries: Record<string, StateDict> = {};
  for (const name of names) {
    const role = { type: 'attachment', name, round, participant } as const;
    auxiliaries[name] = await store.get(role, attachments[name] as string);
  }
  return { auxiliaries };
}

/** Keeps the states that were computed with an update. @returns their hashes */
export async function keepComputed(
  { round, participant }: Of,
  {
    attachments,
    own,
  }: {
    readonly attachments: Readonly<Record<string, StateDict>>;
    readonly own: Readonly<Record<string, StateDict>>;
  },
  store: RunStore,
): Promise<Pick<UpdateRecord, 'attachments' | 'own'>> {
  const keepAll = async (type: 'attachment' | 'own', states: Readonly<Record<string, StateDict>>) => {
    const hashes: Record<string, string> = {};
    for (const [name, state] of Object.entries(states)) {
      hashes[name] = await store.put({ type, name, round, participant }, state);
    }
    return Object.keys(hashes).length === 0 ? undefined : hashes;
  };
  const kept = { own: await keepAll('own', own), attachments: await keepAll('attachment', attachments) };
  return {
    ...(kept.attachments && { attachments: kept.attachments }),
    ...(kept.own && { own: kept.own }),
  };
}

/**
 * Keeps the common states after a round. @returns their hashes
 * @param examples the numbers of examples of all participants that had joined by then, whether they
 *   trained in the round or not
 */
export async function mergeAttachments(
  record: RoundRecord,
  methods: readonly Method[],
  examples: ReadonlyMap<string, number>,
  kept: Kept,
): Promise<Readonly<Record<string, string>> | undefined> {
  const { round } = record;
  const hashes: Record<string, string> = {};
  for (const { name, merge } of methods) {
    if (merge === undefined) continue;
    const common = await commonBefore(name, round, kept);
    const contributions = contributionsTo(name, record, examples, kept.store);
    const next = await merge({ layout: kept.layout, common, contributions });
    hashes[name] = await kept.store.put({ type: 'common', name, round }, next);
  }
  return Object.keys(hashes).length === 0 ? undefined : hashes;
}

async function* contributionsTo(
  name: string,
  { round, closed, updates }: RoundRecord,
  examples: ReadonlyMap<string, number>,
  store: RunStore,
): AsyncGenerator<ParticipantAttachment> {
  const total = [...examples.values()].reduce((a, b) => a + b, 0);
  for (const participant of closed.train?.counted ?? []) {
    const sha256 = updates.get(participant)?.attachments?.[name];
    if (sha256 === undefined) throw new Error(`internal: the ${name} of "${participant}" is not in`);
    const attachment = await store.get({ type: 'attachment', name, round, participant }, sha256);
    yield { participant, share: (examples.get(participant) ?? 0) / total, attachment };
  }
}

/** Removes states that no later step needs after this event. */
export async function discardAttachments(
  event: RoundEvent,
  rounds: readonly RoundRecord[],
  store: RunStore,
): Promise<void> {
  const { round } = event;
  if (event.type === 'update-received') {
    const { participant, own = {} } = event.update;
    for (const name of Object.keys(own)) {
      const before = lastOwn(name, { round, participant }, rounds);
      if (before !== undefined) await store.discard({ type: 'own', name, round: before.round, participant });
    }
  }
  if (event.type === 'merged') {
    for (const [participant, { attachments = {} }] of rounds[round - 1]?.updates ?? []) {
      for (const name of Object.keys(attachments))
        await store.discard({ type: 'attachment', name, round, participant });
    }
    for (const name of Object.keys(event.common ?? {}))
      await store.discard({ type: 'common', name, round: round - 1 });
  }
}
