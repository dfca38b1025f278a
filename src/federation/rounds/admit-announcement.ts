/**
 * Decides whether the run's state admits an announcement. It is a new fact to record, a fact that
 * is recorded already, or it is refused, with a reason. The decision is a function of the state
 * alone. So it does not matter how often a participant says something, or over which channel. An
 * update that is admitted here may still be refused for its file:
 * `coordinator/admission/accept-or-refuse.ts` asks for both.
 */
import { figuresProblem } from '../../metrics/metric.js';
import type { Announcement, Receipt } from '../../protocol/announcement.js';
import { changesTooOften } from './membership.js';
import { currentPhase, inAttempt, missingIn } from './open-phase.js';
import { evaluatePhase } from './phases.js';
import { baseOf, copiedModel, type RoundRecord, type RunState } from './round.js';
import type { RoundEvent, UpdateRecord } from './round-events.js';

export interface Admission {
  /** Undefined when the announcement changes nothing. */
  readonly event?: RoundEvent;
  readonly receipt: Receipt;
}

/** What a participant is told after the operator dropped it. */
export const droppedSentence = (participant: string) =>
  `"${participant}" was dropped from this run by its operator`;

type RefusedReceipt = Extract<Receipt, { accepted: false }>;
type Named<Type extends Announcement['type']> = Extract<Announcement, { type: Type }>;

/** @param initial the SHA-256 of the model that round 1 begins with, if one was given */
export function admit(
  state: RunState,
  participant: string,
  announcement: Announcement,
  initial?: string,
): Admission {
  const { participants } = state.rules;
  if (!participants.includes(participant)) {
    return refused('not-expected', `"${participant}" is none of ${participants.join(', ')}`);
  }
  if (state.dropped.has(participant)) {
    const leaves = announcement.type === 'left' || announcement.type === 'failed';
    return leaves ? accepted : refused('not-expected', droppedSentence(participant));
  }
  if (state.stopped !== undefined && announcement.type !== 'joined' && announcement.type !== 'left') {
    // A fact that is recorded already is accepted again, so that the participant stops repeating
    // it.
    if (!isRecorded(state, participant, announcement)) return refused('over', 'the run is over');
    return accepted;
  }
  const round = state.rounds.length;
  switch (announcement.type) {
    case 'joined':
      return joined(state, participant, announcement);
    case 'left':
    case 'failed': {
      const member = state.members.get(participant);
      if (member === undefined || member.left !== undefined) return accepted;
      if (changesTooOften(member, round)) return tooOften(participant, round);
      const reason =
        announcement.type === 'left' ? announcement.reason : `its work failed: ${announcement.message}`;
      return record({ type: 'left', round, participant, ...(reason !== undefined && { reason }) });
    }
    case 'update':
      return update(state, participant, announcement, initial);
    case 'evaluated':
      return evaluated(state, participant, announcement);
    case 'contributed':
      return contributed(state, participant, announcement);
  }
}

const accepted: Admission = { receipt: { accepted: true } };
const record = (event: RoundEvent): Admission => ({ event, receipt: { accepted: true } });
const refused = (reason: RefusedReceipt['reason'], message: string): Admission => ({
  // The message may contain a list of thousands of names.
  receipt: { accepted: false, reason, message: message.slice(0, 1000) },
});
const tooOften = (participant: string, round: number): Admission =>
  refused('not-expected', `"${participant}" has joined and left too often in round ${round}`);

function joined(state: RunState, participant: string, announcement: Named<'joined'>): Admission {
  const { examples, validationExamples, labelCounts, dataChanged } = announcement;
  const { mostExamples = Number.POSITIVE_INFINITY } = state.rules;
  const most = Math.max(examples, validationExamples);
  if (most > mostExamples) {
    return refused(
      'not-expected',
      `"${participant}" says that it has ${most} examples, expected at most ${mostExamples} ("mostExamples")`,
    );
  }
  const known = state.members.get(participant);
  const facts = {
    ...{ examples, validationExamples },
    ...(labelCounts && { labelCounts: [...labelCounts] }),
    ...(dataChanged && { dataChanged }),
  };
  if (
    !dataChanged &&
    known !== undefined &&
    known.left === undefined &&
    known.examples === examples &&
    known.validationExamples === validationExamples &&
    JSON.stringify(known.labelCounts) === JSON.stringify(labelCounts)
  ) {
    return accepted;
  }
  const round = state.rounds.length;
  if (changesTooOften(known, round)) return tooOften(participant, round);
  return record({ type: 'joined', round, participant, ...facts });
}

function update(
  state: RunState,
  participant: string,
  { round, base, attempt = 1, update }: Named<'update'>,
  initial: string | undefined,
): Admission {
  const current = state.rounds[round - 1];
  if (current === undefined) {
    return refused('other-round', `an update for round ${round}, the run is in round ${state.rounds.length}`);
  }
  const known = current.updates.get(participant);
  if (known !== undefined) {
    if (known.sha256 === update.state.sha256) return accepted;
    return refused(
      'other-update',
      `round ${round} has the update ${short(known.sha256)} of "${participant}" already, got ${short(update.state.sha256)}`,
    );
  }
  if (!current.participants.includes(participant)) {
    return refused('not-expected', `"${participant}" takes no part in round ${round}`);
  }
  if (current.closed.train !== undefined) {
    return refused('late', `round ${round} was closed without "${participant}"`);
  }
  const member = state.members.get(participant);
  if (member === undefined || member.left !== undefined) {
    return refused('not-expected', `"${participant}" has not joined`);
  }
  if (attempt !== current.attempt) {
    return refused(
      'other-round',
      `the update of "${participant}" for round ${round} was asked for before an operator went back: it is asked for again`,
    );
  }
  const expected = baseOf(state, round, initial);
  if (base !== expected) {
    return refused(
      'other-base',
      `the update of "${participant}" for round ${round} began with ${base === undefined ? 'the initial weights' : short(base)}, expected ${expected === undefined ? 'the initial weights' : short(expected)}`,
    );
  }
  if (update.examples !== member.examples) {
    return refused(
      'bad-update',
      `"${participant}" trained on ${update.examples} examples, expected the ${member.examples} that it joined with`,
    );
  }
  const problem = update.validation && figuresProblem(update.validation, state.rules.metrics);
  if (problem !== undefined) {
    return refused('bad-update', `the figures of "${participant}" for round ${round}: ${problem}`);
  }
  return record({
    ...{ type: 'update-received', round, ...inAttempt(state) },
    update: recordOf(participant, update),
  });
}

function recordOf(participant: string, update: Named<'update'>['update']): UpdateRecord {
  const { state, attachments, ...facts } = update;
  const hashes = Object.entries(attachments ?? {}).map(([name, { sha256 }]) => [name, sha256] as const);
  return {
    participant,
    sha256: state.sha256,
    ...facts,
    ...(hashes.length > 0 && { attachments: Object.fromEntries(hashes) }),
  };
}

function evaluated(state: RunState, participant: string, announcement: Named<'evaluated'>): Admission {
  const { round, model, validation, sums } = announcement;
  const current = state.rounds[round - 1];
  const copied = current && copiedModel(state.rules, current);
  if (current === undefined || copied === undefined) {
    return refused('other-round', `figures for round ${round}, which has no merged model yet`);
  }
  if (current.copied.has(participant)) return accepted;
  if (copied.sha256 !== model) {
    return refused(
      'other-base',
      `"${participant}" evaluated ${short(model)} for round ${round}, expected ${short(copied.sha256)}`,
    );
  }
  const problem = figuresProblem(validation, state.rules.metrics);
  if (problem !== undefined) {
    return refused('bad-update', `the figures of "${participant}" for round ${round}: ${problem}`);
  }
  if (round < state.rounds.length || !current.evaluated) {
    return refused('late', `round ${round} is over without the figures of "${participant}"`);
  }
  return missingIn(evaluatePhase, state, current).includes(participant)
    ? record({
        type: 'copy-evaluated',
        round,
        ...inAttempt(state),
        participant,
        validation,
        ...(sums && { sums }),
      })
    : refused('not-expected', `"${participant}" is not asked for its figures in round ${round}`);
}

function contributed(state: RunState, participant: string, announcement: Named<'contributed'>): Admission {
  const { round, attempt = 1, phase: name, model, file, sums } = announcement;
  const current = state.rounds[round - 1];
  if (current?.contributed[name]?.has(participant) && current.attempt === attempt) return accepted;
  const phase = currentPhase(state);
  const what = `"${name}" of round ${round}`;
  if (current?.closed[name] !== undefined)
    return refused('late', `${what} was closed without "${participant}"`);
  if (current === undefined || round < state.rounds.length || attempt !== current.attempt) {
    return refused('other-round', `${what} is not under way`);
  }
  if (phase?.by !== 'participants' || phase.name !== name || phase.lacks === undefined) {
    return refused('other-round', `the run is in "${phase?.name}" of round ${round}, not in "${name}"`);
  }
  if (!missingIn(phase, state, current).includes(participant)) {
    return refused('not-expected', `"${participant}" is not asked for "${name}" in round ${round}`);
  }
  const expected = phase.model?.(state, current);
  if (model !== expected) {
    const named = (sha256: string | undefined) => (sha256 === undefined ? 'no model' : short(sha256));
    return refused(
      'other-base',
      `"${participant}" used ${named(model)} for ${what}, expected ${named(expected)}`,
    );
  }
  const lacking = phase.lacks(announcement, current);
  if (lacking !== undefined) {
    return refused('bad-update', `${what} of "${participant}" lacks what is asked for: ${lacking}`);
  }
  return record({
    ...{ type: 'contributed', round, phase: name, ...inAttempt(state), participant },
    ...(file && { sha256: file.sha256 }),
    ...(sums && { sums: [...sums] }),
  });
}

function isRecorded({ rounds }: RunState, participant: string, announcement: Announcement): boolean {
  if (announcement.type === 'update') {
    return isUpdateOf(rounds[announcement.round - 1], participant, announcement.update.state.sha256);
  }
  if (announcement.type === 'contributed') {
    return rounds[announcement.round - 1]?.contributed[announcement.phase]?.has(participant) === true;
  }
  return (
    announcement.type === 'evaluated' && rounds[announcement.round - 1]?.copied.has(participant) === true
  );
}

const isUpdateOf = (record: RoundRecord | undefined, participant: string, sha256: string) =>
  record?.updates.get(participant)?.sha256 === sha256;

const short = (sha256: string) => `${sha256.slice(0, 12)}…`;
