/** Describes a participant's progress in one line of text. */

import type { UpdateRecord } from '../../federation/rounds/round-events.js';
import { type Figures, type MetricFacts, writtenOf } from '../../metrics/metric.js';
import type { LocalProgress } from '../../training/local-training.js';
import { bar, duration, plural } from '../numbers.js';
import { speedText, type Words } from '../words.js';

/** The line as cells, so that the lines of all participants are aligned in columns. */
export function progressCells(
  progress: LocalProgress,
  metric: MetricFacts,
  words: Words,
  barWidth: number,
): string[] {
  const { participant, step, steps, examplesLeft, examplesPerSecond } = progress;
  return [
    participant,
    whereabouts(progress),
    bar(step / steps, barWidth),
    speedText(progress, words) ?? '',
    `loss ${lossText(progress.loss)}`,
    validationText(metric, progress.validation),
    timeLeft(examplesLeft, examplesPerSecond),
  ];
}

/** The line for a finished epoch, in a display of lines. */
export function epochLine(progress: LocalProgress, metric: MetricFacts, words: Words): string {
  const { round, participant, examplesLeft, examplesPerSecond } = progress;
  const validation = validationText(metric, progress.validation);
  return [
    `round ${round}  ${participant}  ${whereabouts(progress)}`,
    `loss ${lossText(progress.loss)}`,
    ...(validation === '' ? [] : [validation]),
    speedText(progress, words) ?? '',
    ...(examplesLeft > 0 ? [timeLeft(examplesLeft, examplesPerSecond)] : []),
  ].join('  ');
}

/** The cells for a participant whose update is in. */
export function updateCells(update: UpdateRecord, metric: MetricFacts): string[] {
  const { participant, epochs, steps = 0, loss, validation, seconds } = update;
  return [
    participant,
    epochs === undefined ? plural(steps, 'step') : plural(epochs, 'epoch'),
    'done',
    `in ${duration(seconds)}`,
    `loss ${lossText(loss)}`,
    validationText(metric, validation),
    '',
  ];
}

const validationText = (metric: MetricFacts, figures: Figures | undefined) =>
  figures === undefined ? '' : `validation ${writtenOf(metric, figures)}`;

const whereabouts = ({ epoch, epochs, step, steps }: LocalProgress) =>
  epochs === undefined ? `step ${step}/${steps}` : `epoch ${epoch}/${epochs}`;

const lossText = (loss: number) => (loss < 1000 ? loss.toFixed(4) : loss.toPrecision(4));

const timeLeft = (examples: number, perSecond: number) =>
  perSecond > 0 ? `${duration(examples / perSecond)} left` : '';
