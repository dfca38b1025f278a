/**
 * The phases of a round: training, merging and the evaluation of the copies. A run that refits the
 * last layer has the phases of `refit-phases.ts` too, before every copy or after the last round. A
 * run of tables begins with those of `survey-phases.ts`.
 */
import type { Blob } from '../../protocol/blob-name.js';
import { refitPhases } from './refit-phases.js';
import {
  type AssignmentFacts,
  baseOf,
  type CoordinatorPhase,
  copiedModel,
  honestOf,
  type ParticipantsPhase,
  type Phase,
  type RoundRules,
} from './round.js';
import { surveyPhases } from './survey-phases.js';

const always = () => true;
const deadlineSeconds = (rules: RoundRules) => rules.deadlineSeconds;

function without<Work>(work: ReadonlyMap<string, Work>, participant: string): ReadonlyMap<string, Work> {
  return new Map([...work].filter(([name]) => name !== participant));
}

export const train: ParticipantsPhase = {
  ...{ by: 'participants', name: 'train', activity: 'training', isPartOf: always, deadlineSeconds },
  due: (_, { participants }) => participants,
  mayBegin({ rules }, { participants, updates }, participant) {
    if (!rules.attackersWait) return true;
    const honest = honestOf(participants, rules);
    return honest.includes(participant) || honest.every((name) => updates.has(name));
  },
  done: ({ updates }) => updates,
  without: (record, participant) => ({ ...record, updates: without(record.updates, participant) }),
  async ask(state, { round }, { initial, blobOf }: AssignmentFacts) {
    const base = baseOf(state, round, initial);
    const common = await blobsOf(state.rounds[round - 2]?.merged?.common ?? {}, blobOf);
    return {
      type: 'train',
      ...(base !== undefined && { base: await blobOf(base) }),
      ...(common && { common }),
    };
  },
};

async function blobsOf(
  hashes: Readonly<Record<string, string>>,
  blobOf: AssignmentFacts['blobOf'],
): Promise<Record<string, Blob> | undefined> {
  const blobs: Record<string, Blob> = {};
  for (const [name, sha256] of Object.entries(hashes)) blobs[name] = await blobOf(sha256);
  return Object.keys(blobs).length === 0 ? undefined : blobs;
}

export const mergePhase: CoordinatorPhase = {
  ...{ by: 'coordinator', name: 'merge', activity: 'merging', isPartOf: always },
  isDone: ({ merged }) => merged !== undefined,
};

export const evaluatePhase: ParticipantsPhase = {
  ...{ by: 'participants', name: 'evaluate', activity: 'evaluating', deadlineSeconds },
  isPartOf: (_, { evaluated }) => evaluated,
  due({ rules, dropped }) {
    const honest = honestOf(rules.participants, rules);
    return dropped.size === 0 ? honest : honest.filter((name) => !dropped.has(name));
  },
  done: ({ copied }) => copied,
  without: (record, participant) => ({
    ...record,
    copied: without(record.copied, participant),
    shared: without(record.shared, participant),
  }),
  async ask({ rules }, record, { blobOf }) {
    const copied = copiedModel(rules, record);
    if (copied === undefined) throw new Error(`internal: round ${record.round} has no model to be copied`);
    return { type: 'evaluate', model: await blobOf(copied.sha256) };
  },
};

const plain: readonly Phase[] = [train, mergePhase, evaluatePhase];
const refitEvery: readonly Phase[] = [train, mergePhase, ...refitPhases, evaluatePhase];
const refitLast: readonly Phase[] = [train, mergePhase, evaluatePhase, ...refitPhases];

/** The phases of every round of a run with these rules. */
export function phasesOf({ refit, survey }: Pick<RoundRules, 'refit' | 'survey'>): readonly Phase[] {
  const phases = refit === undefined ? plain : refit === 'every' ? refitEvery : refitLast;
  return survey ? [...surveyPhases, ...phases] : phases;
}
