/**
 * Drives a run on one machine: carries out the commands that are due, records their facts, and asks
 * again, until nothing is due. The state machine (`rounds.ts`) makes all decisions. A fact is
 * stored before it counts.
 */

import { turnTaker } from '../../base/turns.js';
import type { LocalProgress } from '../../training/local-training.js';
import type { TaskRunner } from '../../training/tasks.js';
import { discardAttachments } from '../methods/attachments.js';
import { frozenTasks } from '../methods/frozen-weights.js';
import type { FederationPlan } from '../plan/plan-parts.js';
import { staleRound } from '../rounds/best-round.js';
import type { Command, RunState } from '../rounds/round.js';
import type { RoundEvent } from '../rounds/round-events.js';
import { applyEvent, eachDue, startRun } from '../rounds/rounds.js';
import type { RunStore } from '../rounds/run-store.js';
import { carryOut, type OpenUpdates } from './carry-out.js';
import { updatesInMemory } from './closing/updates-in-memory.js';
import { sharingModel } from './shared-model.js';

export interface Observer {
  onProgress?(progress: LocalProgress): void;
  onEvent?(event: RoundEvent, state: RunState): void;
}

export interface LocalRoundsOptions {
  readonly observer?: Observer | undefined;
  /** How the updates of a round are read when it is closed; from the store by default. */
  readonly openUpdates?: OpenUpdates | undefined;
  /**
   * How many commands are carried out at once; the others wait and hold no memory. All by default.
   */
  readonly atOnce?: number | undefined;
}

export async function runLocalRounds(
  plan: FederationPlan,
  tasks: TaskRunner,
  ownStore: RunStore,
  {
    observer = {},
    openUpdates = async (...of) => updatesInMemory(...of),
    atOnce = Number.POSITIVE_INFINITY,
  }: LocalRoundsOptions = {},
): Promise<RunState> {
  const store = sharingModel(ownStore);
  const takeTurn = turnTaker();
  const tasksWith = frozenTasks(tasks, plan.frozen);
  let state = store.events.reduce(applyEvent, startRun(plan.rules));
  const running = new Map<string, Promise<void>>();
  const onProgress = (progress: LocalProgress) => observer.onProgress?.(progress);
  let failure: { error: unknown } | undefined;
  let recording: Promise<void> = Promise.resolve();

  /** Facts are recorded one after the other, and count in that order. */
  const record = (event: RoundEvent) => {
    recording = recording.then(async () => {
      await store.append(event);
      state = applyEvent(state, event);
      observer.onEvent?.(event, state);
      await discardAfter(event, state, plan, store);
    });
    return recording;
  };
  const start = (command: Command) => {
    const key = keyOf(command);
    const { rounds } = state;
    const done = tasksWith({ store, rounds })
      .then((held) => carryOut(command, { plan, tasks: held, store, onProgress, openUpdates, rounds }))
      .then(record)
      .catch((error: unknown) => {
        // The others cannot repair a failure, so they stop at their next step.
        failure ??= { error };
        tasks.stop();
      })
      .finally(() => running.delete(key));
    running.set(key, done);
  };

  let due = eachDue(state);
  /** The commands that were running when `due` was asked for, or have begun since. */
  let begun = new Set<string>();
  const nextDue = () => begin(due) ?? begin(askAnew());
  const askAnew = () => {
    due = eachDue(state);
    begun = new Set(running.keys());
    return due;
  };
  const begin = (commands: Generator<Command>): Command | undefined => {
    for (let next = commands.next(); !next.done; next = commands.next()) {
      const key = keyOf(next.value);
      if (begun.has(key)) continue;
      begun.add(key);
      return next.value;
    }
    return undefined;
  };

  for (;;) {
    let added = 0;
    for (; failure === undefined && running.size < atOnce; added++) {
      const command = nextDue();
      if (command === undefined) break;
      start(command);
      // Hundreds may be due at once, each with an initial state to make.
      await takeTurn();
    }
    if (running.size > 0) await Promise.race(running.values());
    // The added commands may be done by now, and others due.
    else if (added === 0) break;
  }
  if (failure !== undefined) throw failure.error;
  return state;
}

function keyOf(command: Command): string {
  const { phase, participant } = { phase: '', participant: '', ...command };
  return `${command.type} ${command.round} ${phase} ${participant}`;
}

/** Removes what no later step reads. */
async function discardAfter(
  event: RoundEvent,
  { rounds }: RunState,
  plan: FederationPlan,
  store: RunStore,
): Promise<void> {
  await discardAttachments(event, rounds, store);
  if (event.type === 'merged') {
    for (const participant of rounds[event.round - 1]?.participants ?? []) {
      await store.discard({ type: 'update', round: event.round, participant });
    }
    if (event.server !== undefined) await store.discard({ type: 'server', round: event.round - 1 });
    if (event.average !== undefined) await store.discard({ type: 'average', round: event.round - 1 });
    const stale =
      event.round > plan.keep ? staleRound(rounds, event.round - plan.keep, plan.bestBy) : undefined;
    if (stale !== undefined) {
      await store.discard({ type: 'merged', round: stale });
      await store.discard({ type: 'refitted', round: stale });
    }
  }
  if (event.type === 'refitted') {
    await store.discard({ type: 'solution', round: event.round });
    for (const participant of plan.rules.participants) {
      await store.discard({ type: 'features', round: event.round, participant });
    }
  }
  if (event.type === 'pooled-trained' && event.round > 1) {
    await store.discard({ type: 'pooled', round: event.round - 1 });
  }
}
