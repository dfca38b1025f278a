/**
 * Checks the files of an announcement before they count: which there must be, and each by itself
 * (`check-update.ts`). `accept-or-refuse.ts` refuses the announcement when one has a problem. Node
 * only.
 */
import type { Announcement, UpdateAnnouncement } from '../../../protocol/announcement.js';
import { decodeSafetensors } from '../../../tensor/safetensors.js';
import type { StateDict } from '../../../tensor/state-dict.js';
import { decodeCodedModel } from '../../../transforms/codec/coded-file.js';
import { plain } from '../../../transforms/codec/plain.js';
import type { BlobFolder } from '../../../transport/transport.js';
import { surveyFileProblem } from '../../methods/federated-survey.js';
import { attachedNames, methodsOf } from '../../methods/methods.js';
import { featureLayout } from '../../methods/refit.js';
import type { FederationPlan } from '../../plan/plan-parts.js';
import { isEvaluated } from '../../rounds/round.js';
import type { CheckedFiles } from './accept-or-refuse.js';
import { type CheckedUpdate, checkUpdate } from './check-update.js';

/** What the run knows of the participant that sent the files. */
export interface SentBy {
  /** The SHA-256 of the model that its work began with, if that is a file. */
  readonly base?: string | undefined;
  /** The number of its training examples, as it joined with them. */
  readonly examples?: number | undefined;
}

/** Checks the files that a participant sent. */
export type CheckFiles = (
  participant: string,
  announcement: Announcement,
  by: SentBy,
) => Promise<CheckedFiles>;

/** The parts of the plan that say what the files of a round must be. */
type FilePlan = Pick<
  FederationPlan,
  | 'layout'
  | 'rules'
  | 'methods'
  | 'strategy'
  | 'compared'
  | 'refit'
  | 'survey'
  | 'codec'
  | 'clipUpdate'
  | 'initialState'
>;

/**
 * Checks one file after the other, so that many announcements at once need no more memory than one.
 */
export function fileChecker(plan: FilePlan, blobs: BlobFolder): CheckFiles {
  let last: Promise<unknown> = Promise.resolve();
  return (participant, announcement, by) => {
    const checked = last.then(() => checkFiles(participant, announcement, plan, blobs, by));
    last = checked.catch(() => undefined);
    return checked;
  };
}

async function checkFiles(
  participant: string,
  announcement: Announcement,
  plan: FilePlan,
  blobs: BlobFolder,
  { base, examples }: SentBy,
): Promise<CheckedFiles> {
  if (announcement.type === 'contributed') {
    return { problem: await contributionProblem(participant, announcement, plan, blobs, examples) };
  }
  if (announcement.type !== 'update') return {};
  const { state } = announcement.update;
  const problem = attachmentsProblem(participant, announcement, plan);
  if (problem !== undefined) return { problem };
  const checked = await checkUpdate(blobs.pathOf(state.sha256), plan.layout, {
    what: `the update of "${participant}"`,
    codec: plan.codec.update,
    base: await beganWith(participant, plan, blobs, base),
    clip: plan.clipUpdate,
  });
  if (checked.problem !== undefined) return checked;
  const attached = await checkAttachments(participant, announcement, plan, blobs);
  return attached ?? { moved: checked.moved };
}

/** Why a file that is not an update is not what the phase asks for; undefined if it is. */
async function contributionProblem(
  participant: string,
  { phase, file }: Extract<Announcement, { type: 'contributed' }>,
  { refit, survey, rules }: FilePlan,
  blobs: BlobFolder,
  examples: number | undefined,
): Promise<string | undefined> {
  if (file === undefined) return undefined;
  const path = blobs.pathOf(file.sha256);
  if (phase === 'features' && refit !== undefined) {
    const what = `the sums of features of "${participant}"`;
    const check = { what, farthest: Infinity, bound: refit.bound };
    return (await checkUpdate(path, featureLayout(refit.features), check)).problem;
  }
  if (phase !== 'survey' || survey === undefined) return undefined;
  const what = `the answer of "${participant}" to the survey`;
  const { problem } = await checkUpdate(path, survey.answer, { what, farthest: Infinity });
  if (problem !== undefined) return problem;
  const { state } = decodeSafetensors(await blobs.get(file.sha256), what);
  const most = examples ?? rules.mostExamples ?? Infinity;
  const wrong = surveyFileProblem(survey, state, most);
  return wrong && `${what}: ${wrong}`;
}

/**
 * The state from which an update is measured: a file of plain numbers if that is enough, otherwise
 * the decoded state.
 */
async function beganWith(
  participant: string,
  { layout, codec, clipUpdate, initialState }: FilePlan,
  blobs: BlobFolder,
  base: string | undefined,
): Promise<string | StateDict | undefined> {
  const isPlain = codec.update === plain && codec.model === plain;
  if (base === undefined) return isPlain && clipUpdate === undefined ? undefined : initialState(participant);
  if (isPlain) return blobs.pathOf(base);
  return decodeCodedModel(await blobs.get(base), layout, codec.model, 'the model of the round before');
}

const methodsIn = ({ round }: UpdateAnnouncement, plan: FilePlan) =>
  methodsOf(plan, round, isEvaluated(plan.rules, round));

/** Why the attachments of an update are not those that the round needs; undefined if they are. */
function attachmentsProblem(
  participant: string,
  announcement: UpdateAnnouncement,
  plan: FilePlan,
): string | undefined {
  const expected = attachedNames(methodsIn(announcement, plan));
  const given = Object.keys(announcement.update.attachments ?? {});
  if (given.length === expected.length && expected.every((name) => given.includes(name))) return undefined;
  const listed = (names: readonly string[]) => (names.length === 0 ? 'none' : names.join(', '));
  return `the update of "${participant}" for round ${announcement.round} carries the attachments ${listed(given)}, expected ${listed(expected)}`;
}

async function checkAttachments(
  participant: string,
  announcement: UpdateAnnouncement,
  plan: FilePlan,
  blobs: BlobFolder,
): Promise<Extract<CheckedUpdate, { problem: string }> | undefined> {
  for (const { name, title, bound, layout } of methodsIn(announcement, plan)) {
    const blob = announcement.update.attachments?.[name];
    if (blob === undefined) continue;
    const checked = await checkUpdate(blobs.pathOf(blob.sha256), layout?.(plan.layout) ?? plan.layout, {
      ...{ what: `the ${title} of "${participant}"`, farthest: Infinity, bound },
    });
    if (checked.problem !== undefined) return checked;
  }
  return undefined;
}
