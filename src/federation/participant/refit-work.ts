/**
 * A participant's part of a refit of the last layer: sums of features, and losses with layers that
 * the coordinator offers.
 */
import { unlessAborted } from '../../base/unless-aborted.js';
import { solutionLayout } from '../../merge/refit/solution.js';
import type { Announcement, Receipt } from '../../protocol/announcement.js';
import type { Assignment } from '../../protocol/assignment.js';
import { encodeSafetensors } from '../../tensor/safetensors.js';
import type { TaskRunner } from '../../training/tasks.js';
import type { ParticipantEnd } from '../../transport/transport.js';
import { FederationError } from '../error.js';
import { ownFeatures, ownLosses, type RefitPlan } from '../methods/refit.js';
import { handInFile } from './hand-in.js';
import type { OfferedStates } from './offered-states.js';
import type { OwnData } from './own-data.js';

type Named<Type extends Assignment['type']> = Extract<Assignment, { type: Type }>;

export interface RefitContext {
  readonly refit: RefitPlan | undefined;
  readonly data: OwnData;
  readonly tasks: TaskRunner;
  readonly offered: OfferedStates;
  readonly upload: ParticipantEnd['upload'];
  announce(announcement: Announcement): Promise<Receipt>;
  onActivity(round: number, activity: 'evaluating' | 'uploading'): void;
}

export async function sendFeatureSums(
  assignment: Named<'sum-features'>,
  context: RefitContext,
  signal: AbortSignal,
  saying: () => void,
): Promise<void> {
  const { data, tasks, offered, onActivity } = context;
  const refit = requireRefit(context.refit);
  const { round, model } = assignment;
  const base = await offered.model(model, round, signal);
  onActivity(round, 'evaluating');
  const sums = await unlessAborted(ownFeatures({ share: data.share, tasks }, base, refit), signal);
  const announcement = contribution(assignment, 'features');
  await handInFile(encodeSafetensors(sums), announcement, { ...context, signal, saying });
}

export async function compareLayers(
  assignment: Named<'compare-layers'>,
  { refit: plan, data: { share }, tasks, offered, announce, onActivity }: RefitContext,
  signal: AbortSignal,
  saying: () => void,
): Promise<void> {
  const refit = requireRefit(plan);
  const { round, phase, model, solution: blob, mixes } = assignment;
  const base = await offered.model(model, round, signal);
  const solution = await offered.common(blob, 'last layer', solutionLayout(refit.features), round, signal);
  onActivity(round, 'evaluating');
  const sums = await ownLosses({ share, tasks }, base, refit, solution, mixes, signal);
  saying();
  await announce({ ...contribution(assignment, phase), sums });
}

function requireRefit(refit: RefitPlan | undefined): RefitPlan {
  if (refit !== undefined) return refit;
  throw new FederationError(
    'federation: the coordinator asks for a part of a refit, but "refit" is not in its configuration',
  );
}

/** The fields of an answer that name its assignment. */
const contribution = ({ round, attempt, model }: Named<'sum-features' | 'compare-layers'>, phase: string) =>
  ({ type: 'contributed', round, ...(attempt && { attempt }), phase, model: model.sha256 }) as const;
