/**
 * Describes a replay in words: round by round and, at the end, why it differs, as far as that is
 * known.
 */

import { listed } from '../../base/excerpt.js';
import { type ReplayDifference, type ReplayOutcome, roundDifferences } from '../../experiments/replay.js';
import type { RecordedRun } from '../../federation/record/read-run.js';
import type { RoundRecord } from '../../federation/rounds/round.js';
import { labelOf, type MetricFacts, written, writtenOf } from '../../metrics/metric.js';
import { plural } from '../numbers.js';
import type { Words } from '../words.js';

export function replayHeadline({ path, rounds, result, state }: RecordedRun): string {
  const merged = rounds.filter(({ merged }) => merged !== undefined).length;
  const { commonweight, node, runtime, device, cpu } = result.versions;
  const made =
    commonweight === undefined
      ? ''
      : `, made with commonweight ${commonweight}, Node ${node}, ${runtime} (${device}), ${cpu}`;
  return `${path}: ${plural(merged, 'round')} of ${plural(state.rules.participants.length, 'participant')}${made}`;
}

/** `round 3  the same model, 5f0a1b2c3d4e…; merged 2 of 3, without site-c` */
export function replayedRound(
  recorded: RoundRecord,
  replayed: RoundRecord,
  metric: MetricFacts,
  words: Words,
): string {
  const { round, participants, closed, merged } = recorded;
  const counted = closed.train?.counted ?? [];
  const [first] = roundDifferences(recorded, replayed, metric);
  const missing = participants.filter((name) => !counted.includes(name));
  const parts = [
    merged?.sha256 === replayed.merged?.sha256
      ? `the same model, ${short(merged?.sha256)}`
      : `another model, ${short(replayed.merged?.sha256)}, recorded ${short(merged?.sha256)}`,
    missing.length > 0 && `merged ${counted.length} of ${participants.length}, without ${listed(missing)}`,
    ...(first === undefined
      ? []
      : [first.of !== 'model' && difference(first, metric), tested(metric, words, recorded, replayed)]),
  ];
  return `round ${round}  ${parts.filter(Boolean).join('; ')}`;
}

/**
 * Compares figures on test examples: another processor rounds differently and gets almost the same.
 */
function tested(
  metric: MetricFacts,
  { examples }: Words,
  ...rounds: [recorded: RoundRecord, replayed: RoundRecord]
): string | undefined {
  const [then, now] = rounds.map(({ merged }) => Object.values(merged?.merged ?? {}).at(0));
  if (then === undefined || now === undefined) return undefined;
  return `on the test ${examples} ${writtenOf(metric, now)}, recorded ${writtenOf(metric, then)}`;
}

export function replayFindings(outcome: ReplayOutcome): string[] {
  const { run, differences } = outcome;
  const [metric] = run.result.metrics;
  const [first] = differences;
  if (first === undefined) {
    const merged = run.rounds.filter((round) => round.merged !== undefined).length;
    const all = merged === 1 ? 'its round has' : `all ${merged} rounds have`;
    return [`the model is what the journal says: ${all} the recorded bytes`];
  }
  if (first.of === 'file') {
    return [`every round is as recorded, but ${difference(first, metric)}: it was changed after the run`];
  }
  const where = `the replay differs from the journal in round ${first.round}`;
  return [`${where}: ${difference(first, metric)}`, ...reasonsOf(first, outcome)];
}

/** Possible reasons for the first difference. */
function reasonsOf(first: ReplayDifference, { run, differences, versions }: ReplayOutcome): string[] {
  if (first.of === 'figure') {
    return [`the model is as recorded: "${first.participant}" has other validation examples`];
  }
  const lines = versions.map(({ of, recorded, here }) => `${of} was ${recorded}, here it is ${here}`);
  if (run.result.versions.commonweight === undefined) {
    lines.push('the run does not say with which versions, and on which processor, it was made');
  }
  const { closed } = run.rounds[first.round - 1] as RoundRecord;
  const agree = (closed.train?.counted ?? []).filter(
    (name) =>
      !differences.some(
        (one) => one.round === first.round && one.of === 'update' && one.participant === name,
      ),
  );
  if (first.of !== 'update') {
    lines.push('all updates are as recorded: they were merged in another way, or the journal was changed');
  } else if (agree.length > 0) {
    lines.push(
      `the update of ${listed(agree)} is as recorded: the other participants had other data or machines`,
    );
  } else if (lines.length === 0) {
    lines.push('versions and processor are the same: the data differ, or the journal was changed');
  }
  if (run.state.members.size > 0) {
    lines.push('the versions are those of the coordinator: the participants’ machines are not recorded');
  }
  return lines;
}

const subjects: Readonly<Record<ReplayDifference['of'], string>> = {
  update: 'the update',
  own: 'what stays by the method',
  model: 'the merged model',
  common: 'the common state of the method',
  average: 'the average of the rounds',
  refitted: 'the model with its last layer refitted',
  figure: 'the copy',
  pooled: 'the pooled model',
  file: 'the file model.safetensors',
};

function difference(found: ReplayDifference, metric: MetricFacts): string {
  const { of, participant, name, recorded, replayed } = found;
  const whose = participant === undefined ? '' : ` ${of === 'update' ? 'of' : 'with'} "${participant}"`;
  const show = (value: string | number | undefined) =>
    typeof value === 'number' ? written(metric, value) : short(value);
  const which = name === undefined ? '' : ` "${name}"`;
  const subject =
    of === 'figure'
      ? `the ${labelOf(metric)} of ${subjects[of]}`
      : of === 'file' && participant !== undefined
        ? 'the file of the own model'
        : subjects[of];
  return `${subject}${which}${whose} is ${show(replayed)}, recorded ${show(recorded)}`;
}

const short = (hash: string | undefined) => (hash === undefined ? 'missing' : `${hash.slice(0, 12)}…`);
