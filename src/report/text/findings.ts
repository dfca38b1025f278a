/** Says in words what a run showed. */
import type { RecordedRun } from '../../federation/record/read-run.js';
import type { RoundResult } from '../../federation/record/run-result.js';
import { byteSize, count, percent, plural, points } from '../numbers.js';
import {
  copyValidation,
  hasTestImages,
  lastDetails,
  mergedRounds,
  mergedTest,
  ownTest,
  ownValidation,
  strategiesOf,
  trafficOf,
  weightedByExamples,
} from '../run-figures.js';
import { heldBack } from './held-back.js';
import { outcome } from './outcome.js';

export interface Finding {
  readonly topic: 'end' | 'held back' | 'strategies' | 'collapse' | 'pooled' | 'images' | 'traffic';
  readonly text: string;
}

/** A merged model that is so far below the best own model of its round has collapsed. */
const COLLAPSE = 0.1;

export function findings(run: RecordedRun): Finding[] {
  const last = mergedRounds(run).at(-1);
  const about = (topic: Finding['topic'], texts: readonly string[]) =>
    texts.map((text): Finding => ({ topic, text }));
  return [
    ...about('end', [end(run)]),
    ...about('held back', heldBack(run)),
    ...(last === undefined
      ? []
      : hasTestImages(run)
        ? [
            ...about('strategies', bestStrategy(run, last)),
            ...about('collapse', collapse(run)),
            ...about('pooled', pooledGap(run, last)),
            ...about('images', decidedImages(run)),
          ]
        : about('strategies', byParticipants(last))),
    ...about('traffic', traffic(run)),
  ];
}

function end({ finished, result }: RecordedRun): string {
  if (finished) return sentence(outcome(result)[0] ?? '');
  const { reason, round } = result.stopped;
  return reason === 'diverged'
    ? `The run is not finished: training diverged in round ${round}.`
    : `The run is not finished: round ${round} is under way, or was cut off. Rerun the same command to resume it.`;
}

const sentence = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

function bestStrategy(run: RecordedRun, last: RoundResult): string[] {
  const ranked = strategiesOf(run)
    .flatMap((name) => {
      const accuracy = mergedTest(last, name);
      return accuracy === undefined ? [] : [{ name, accuracy }];
    })
    .sort((a, b) => b.accuracy - a.accuracy);
  const [best, ...rest] = ranked;
  if (best === undefined) return [];
  const copied = run.configuration.strategy;
  const after = `After round ${last.round}`;
  if (rest.length === 0)
    return [`${after} the merged model (${best.name}) has ${percent(best.accuracy)} on the test images.`];
  const others = rest.map(({ name, accuracy }) => `${name} (${percent(accuracy)})`).join(', ');
  const which =
    best.name === copied
      ? ''
      : ` The copied model is that of ${copied}; nothing is chosen by the test images.`;
  return [
    `${after} ${best.name} is the best of ${ranked.length} strategies on the test images, with ${percent(best.accuracy)}, before ${others}.${which}`,
  ];
}

function collapse(run: RecordedRun): string[] {
  const names = strategiesOf(run);
  const collapsed = names.flatMap((name) => {
    const falls = mergedRounds(run).flatMap((round) => {
      const own = Math.max(...round.participants.map((one) => ownTest(round, one.name) ?? 0));
      const accuracy = mergedTest(round, name);
      return accuracy !== undefined && accuracy < own - COLLAPSE
        ? [{ round: round.round, own, accuracy }]
        : [];
    });
    const worst = falls.toSorted((a, b) => a.accuracy - a.own - (b.accuracy - b.own))[0];
    if (worst === undefined) return [];
    const where = falls.length === 1 ? 'with' : `at worst in round ${worst.round}, with`;
    return [
      `${name} collapsed in ${roundsText(falls.map(({ round }) => round))}: it is more than ${points(COLLAPSE, 0)} below the best own model of the round, ${where} ${percent(worst.accuracy)} against ${percent(worst.own)}.`,
    ];
  });
  const max = names.includes('max') && !collapsed.some((text) => text.startsWith('max '));
  return [
    ...collapsed,
    ...(max
      ? [
          `max did not collapse: it is never more than ${points(COLLAPSE, 0)} below the best own model of a round.`,
        ]
      : []),
  ];
}

/** "round 1", "rounds 1, 3 and 4", "17 rounds, first in round 1" */
function roundsText(rounds: readonly number[]): string {
  if (rounds.length > 6) return `${rounds.length} rounds, first in round ${rounds[0]}`;
  const head = rounds.slice(0, -1).join(', ');
  return head === '' ? `round ${rounds[0]}` : `rounds ${head} and ${rounds.at(-1)}`;
}

function pooledGap({ rounds, configuration }: RecordedRun, last: RoundResult): string[] {
  const pooled = rounds[last.round - 1]?.pooled?.testAccuracy;
  const merged = mergedTest(last, configuration.strategy);
  if (pooled === undefined || merged === undefined) return [];
  const gap = merged < pooled ? `${points(pooled - merged)} below it` : `${points(merged - pooled)} above it`;
  return [
    `Pooled training, on all the data together and with as many images, has ${percent(pooled)}; the merged model is ${gap}.`,
  ];
}

function decidedImages(run: RecordedRun): string[] {
  const test = lastDetails(run)?.test;
  if (test?.decided === undefined) return [];
  const { kept, missed } = test.decided;
  return [
    `Of ${plural(test.examples, 'test image')}, the merged model knows ${number(kept[0])} that no own model knows, and misses ${number(missed.at(-1))} that every own model knows.`,
  ];
}

const number = (images = 0) => (images === 0 ? 'none' : count(images));

function byParticipants(last: RoundResult): string[] {
  const own = weightedByExamples(last, (name) => ownValidation(last, name));
  const copies = weightedByExamples(last, (name) => copyValidation(last, name));
  if (own === undefined || copies === undefined) return [];
  return [
    `The coordinator holds no test images. On the participants’ own validation images, weighted by their examples, the own models of round ${last.round} have ${percent(own)}, the merged model ${percent(copies)}.`,
  ];
}

function traffic(run: RecordedRun): string[] {
  const found = trafficOf(run);
  if (found === undefined) return [];
  const { updates, copies, modelBytes, bytes } = found;
  return [
    `${plural(mergedRounds(run).length, 'round')}, ${plural(updates, 'update')} and ${count(copies)} copies of ${byteSize(modelBytes)}: ${byteSize(bytes)} in all, where they travel as 32-bit numbers.`,
  ];
}
