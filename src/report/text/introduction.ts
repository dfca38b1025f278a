/** Describes a run before it begins. */

import { type Column, categoriesOf, type Dataset } from '../../data/dataset.js';
import { imageShapeOf } from '../../data/images/image-dataset.js';
import { renderShares, summarizeShares } from '../../data/partition/summary.js';
import { SMALLEST_COUNT } from '../../data/survey/own-answer.js';
import type { OnnxSettings } from '../../engine/nn/settings.js';
import type { RunStart } from '../../federation/coordinator/run-federation.js';
import {
  balancesClasses,
  beginsWithSurvey,
  preparesBySurvey,
} from '../../federation/methods/made-constants.js';
import { averageOf } from '../../merge/average/model-average.js';
import { readStrategy } from '../../merge/strategies/strategies.js';
import type { AppliedTo } from '../../merge/strategy.js';
import { labelOf } from '../../metrics/metric.js';
import { targetOf, writtenTarget } from '../../metrics/target.js';
import type { Configuration } from '../../protocol/configuration/configuration.js';
import { hasSiteStatistics } from '../../protocol/configuration/own-parts.js';
import { metricsOf } from '../../protocol/configuration/task-metrics.js';
import { describeColumn } from '../../tensor/column-spec.js';
import { count, percent, plural } from '../numbers.js';
import { targetText } from '../run-figures.js';
import { wrapped } from '../text-table.js';
import { wordsOf } from '../words.js';

/** The most participants for which classes are shown. */
const SHOWN = 12;

export function introduction(start: RunStart, width = 100): string {
  const { configuration, data, shares, workers, device, parameters } = start;
  const { train, test } = data;
  const { partition } = configuration;
  const labels = train.targets[0]?.values ?? [];
  const classNames = categoriesOf(train);
  const words = wordsOf(train, configuration);
  const lines = [
    labelled(
      'data',
      `${configuration.dataset}: ${examplesText(start)} training and ${count(test.examples)} test ${kindText(train)}`,
      width,
    ),
    ...(imageShapeOf(train) ? normalizationText(configuration) : []).map((text) =>
      labelled('pixels', text, width),
    ),
    labelled(
      'partition',
      `${partition.name}, ${plural(shares.length, 'participant')}; each validates on ${percent(partition.validation).replace('.00', '')} of its own ${words.examples}`,
      width,
    ),
    renderShares(summarizeShares(shares.slice(0, SHOWN), labels, classNames.length), classNames, { width }),
    ...(shares.length > SHOWN ? [`… and ${shares.length - SHOWN} more`] : []),
    labelled('network', `${networkText(configuration)}, ${count(parameters)} parameters`, width),
    labelled('training', trainingText(configuration), width),
    labelled('rounds', roundsText(configuration), width),
    ...attackText(start).map((text) => labelled('attack', text, width)),
    labelled('workers', `${workers}, device ${device}, seed ${configuration.seed}`, width),
  ];
  return lines.join('\n');
}

function normalizationText({ normalization: { mean, deviation } }: Configuration): string[] {
  const isPlain = mean.every((value) => value === 0) && deviation.every((value) => value === 1);
  return isPlain
    ? []
    : [`normalized by the mean ${mean.join(', ')} and the deviation ${deviation.join(', ')}`];
}

const labelled = (label: string, text: string, width: number) =>
  wrapped(`${label.padEnd(10)}${text}`, width, 10);

function examplesText({ configuration: { examples }, data: { train } }: RunStart): string {
  return examples === undefined ? count(train.examples) : `${count(examples)} of ${count(train.examples)}`;
}

/** "images of 28x28, 10 classes", "examples of features f32[8] → price f32[]" */
function kindText(dataset: Dataset): string {
  const [channels, height, width] = imageShapeOf(dataset) ?? [];
  if (channels === undefined) {
    const listed = (columns: readonly Column[]) => columns.map(describeColumn).join(', ');
    return `examples of ${listed(dataset.inputs)} → ${listed(dataset.targets)}`;
  }
  const colours = channels === 1 ? '' : `, ${channels} channels`;
  return `images of ${width}x${height}${colours}, ${classesText(categoriesOf(dataset).length)}`;
}

/** "10 classes" */
export const classesText = (classes: number): string =>
  `${count(classes)} ${classes === 1 ? 'class' : 'classes'}`;

function attackText({ attackers }: RunStart): string[] {
  if (attackers === undefined) return [];
  const { attack, names } = attackers;
  const settings = Object.entries(attack.settings).map(([key, value]) => `${key} ${rounded(value)}`);
  return [`${[attack.name, ...settings].join(', ')}, by ${names.join(', ')}`];
}

/** Writes 0.3 as 0.3, 1.4260768722 as 1.426. */
const rounded = (value: number) => Number(value.toPrecision(4));

export function networkText(configuration: Configuration): string {
  const { model, initialWeights, initialModel, share } = configuration;
  const { name, ...others } = model.name === 'onnx' ? ofFile(model) : model;
  const settings = Object.entries(others).filter(([, value]) => value !== 0);
  const detail = settings.map(([key, value]) => `${key} ${[value].flat().join('-')}`).join(', ');
  const begin =
    initialModel !== undefined
      ? 'starting from the given model'
      : initialWeights === 'shared'
        ? 'the same initial weights for all'
        : 'separate initial weights for each participant';
  const shared =
    share === undefined ? '' : `; ${share.join(', ')} shared, the other tensors stay with each participant`;
  const prepared = hasSiteStatistics(configuration)
    ? '; each participant prepares numbers by statistics of its own rows'
    : '';
  return `${name}${detail === '' ? '' : ` (${detail})`}, ${begin}${shared}${prepared}`;
}

/** What a reader takes in of a network from a file. */
const ofFile = ({ onnx, head, norm, output }: OnnxSettings) => ({
  ...{ name: onnx, norm },
  ...(head && { 'last layer': 'new' }),
  ...(output && { output }),
});

export function trainingText(configuration: Configuration): string {
  const { optimizer, schedule, batchSize, clipNorm, augmentation, correction } = configuration;
  return [
    `${optimizer.name}, learning rate ${optimizer.learningRate} (${schedule.name})`,
    `batches of ${batchSize}`,
    ...augmentationText(augmentation),
    ...(clipNorm === undefined ? [] : [`gradients clipped to a norm of ${clipNorm}`]),
    localText(configuration),
    ...travelText(configuration),
    ...correctionText(correction),
  ].join('; ');
}

/** How updates and models are changed or encoded on their way; undefined if they are not. */
function travelText({ clipUpdate, codec: { update, model } }: Configuration): string[] {
  return [
    ...(clipUpdate === undefined ? [] : [`updates clipped to a norm of ${clipUpdate}`]),
    ...(update === 'plain' ? [] : [`updates by the codec ${update}`]),
    ...(model === 'plain' ? [] : [`models by the codec ${model}`]),
  ];
}

function localText(configuration: Configuration): string {
  const { epochs = 1, steps } = configuration.local;
  if (typeof steps === 'number') return `${plural(steps, 'step')} per round`;
  if (steps !== undefined) {
    return steps
      .map(({ from, steps }) =>
        from === 1 ? `${plural(steps, 'step')} per round` : `${count(steps)} from round ${count(from)}`,
      )
      .join(', ');
  }
  const until = thresholdText(configuration);
  const most = until === undefined ? '' : 'at most ';
  return `${most}${plural(epochs, 'epoch')} per round${until === undefined ? '' : `, until its own validation ${until}`}`;
}

/** "accuracy is 91.40% in round 1, then 92.00%"; a second metric is named. */
function thresholdText(configuration: Configuration): string | undefined {
  const { threshold, firstThreshold } = configuration.local;
  const metrics = metricsOf(configuration);
  const targets = [firstThreshold, threshold].flatMap((one) =>
    one === undefined ? [] : [targetOf(one, metrics)],
  );
  const [first] = targets;
  if (first === undefined) return undefined;
  const [one, then] = targets.map((target) => writtenTarget(target, [first.metric]));
  const inRound = firstThreshold === undefined ? '' : ' in round 1';
  return `${labelOf(first.metric)} is ${one}${inRound}${then === undefined ? '' : `, then ${then}`}`;
}

function correctionText(correction: Configuration['correction']): string[] {
  if (correction === undefined) return [];
  const { name, until, ...settings } = correction;
  const detail = Object.entries(settings).map(([key, value]) => `${key} ${value}`);
  const end =
    until === undefined
      ? ''
      : until < 1
        ? ` for ${percent(until)} of the rounds`
        : ` until round ${count(until)}`;
  return [`corrected by ${name}${detail.length === 0 ? '' : ` (${detail.join(', ')})`}${end}`];
}

function augmentationText(augmentation: Configuration['augmentation']): string[] {
  if (augmentation === undefined) return [];
  const { flip, shift, rotation, crop, brightness, contrast } = augmentation;
  const light = (factor: number) => `times ${rounded(1 - factor)} to ${rounded(1 + factor)}`;
  const ways = [
    ...(flip ? ['mirrored half of the time'] : []),
    ...(shift > 0 ? [`shifted by up to ${plural(shift, 'pixel')}`] : []),
    ...(rotation > 0 ? [`turned by up to ${plural(rotation, 'degree')}`] : []),
    ...(crop < 1 ? [`cut to ${percent(crop)} of the area or more`] : []),
    ...(brightness > 0 ? [`their brightness ${light(brightness)}`] : []),
    ...(contrast > 0 ? [`their contrast ${light(contrast)}`] : []),
  ];
  const last = ways.at(-1);
  if (last === undefined) return [];
  return [`images ${ways.length === 1 ? last : `${ways.slice(0, -1).join(', ')} and ${last}`}`];
}

/** Whether the strategy is applied to weights or updates; some strategies decide it themselves. */
function appliedTo(strategy: string, mergeOn: AppliedTo): AppliedTo {
  const reading = readStrategy(strategy);
  return ('strategy' in reading ? reading.strategy.on : undefined) ?? mergeOn;
}

export function roundsText(configuration: Configuration): string {
  const {
    rounds,
    reference,
    strategy,
    mergeOn,
    align,
    compare,
    pooled,
    participantsPerRound,
    evaluateEvery = 1,
    server,
    average,
    refit,
  } = configuration;
  const others = compare.filter((name) => name !== strategy);
  return [
    `${reference === undefined ? '' : 'at most '}${count(rounds)}${reference === undefined ? '' : `, until the copy reaches ${targetText(reference, metricsOf(configuration))} with every participant`}`,
    ...(participantsPerRound === undefined
      ? []
      : [
          `${count(participantsPerRound)} of ${plural(configuration.partition.participants, 'participant')}, drawn anew, train in each`,
        ]),
    `${strategy} of the ${align ? 'aligned ' : ''}${appliedTo(strategy, mergeOn)}${server === undefined ? '' : `, after a step of ${server.name} (learning rate ${server.learningRate}),`} is copied back`,
    ...(evaluateEvery === 1 ? [] : [`evaluated every ${count(evaluateEvery)} and in the last`]),
    ...(average === undefined
      ? []
      : [`${averageOf(average).name} is kept beside it${average.final ? ', the final model' : ''}`]),
    ...(refit === undefined
      ? []
      : [
          `the last layer is refitted ${refit.rounds === 'every' ? 'before every copy' : 'after the last round'}`,
        ]),
    ...(others.length === 0 ? [] : [`compared with ${others.join(', ')}`]),
    ...(pooled ? ['for comparison, the same network is trained on all the data together'] : []),
  ].join('; ');
}

/** What participants on other machines send before round 1, in a line; none without a survey. */
export function surveySends(configuration: Configuration): readonly string[] {
  if (!beginsWithSurvey(configuration)) return [];
  const smallestCount = configuration.preprocessing?.smallestCount ?? SMALLEST_COUNT;
  const weighted = balancesClasses(configuration) ? 'classes are weighted in the loss' : undefined;
  const sums = preparesBySurvey(configuration)
    ? `sums over the training rows, by which numbers are prepared${weighted ? ` and ${weighted}` : ''}: how many rows have a value in each range, each category and each class, and the sum and the sum of squares of each number`
    : `how many training examples there are of each class, by which ${weighted}`;
  const hidden =
    smallestCount === 1 ? 'small counts are not hidden' : `counts below ${smallestCount} are hidden`;
  return [`before round 1, ${sums}; ${hidden}; those who watch the run see where the sites differ`];
}

/** What participants on other machines send when the last layer is refitted. */
export const REFIT_SENDS =
  'to refit the last layer, sums over the training examples of what goes into it: number and mean of each class, and second moments';
