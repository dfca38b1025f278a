/** Describes a participant at work in one line of text. */

import type { UpdateRecord } from '../../federation/rounds/round-events.js';
import type { LocalProgress } from '../../training/local-training.js';
import { bar, count, duration, percent, plural } from '../numbers.js';

/** Cells, so that the lines of all participants stand in columns. */
export function progressCells(progress: LocalProgress, barWidth: number): string[] {
  const { participant, step, steps, imagesLeft, imagesPerSecond } = progress;
  return [
    participant,
    whereabouts(progress),
    bar(step / steps, barWidth),
    `${count(imagesPerSecond)} images/s`,
    `loss ${lossText(progress.loss)}`,
    progress.validationAccuracy === undefined ? '' : `validation ${percent(progress.validationAccuracy)}`,
    timeLeft(imagesLeft, imagesPerSecond),
  ];
}

/** A finished epoch, where lines follow one another. */
export function epochLine(progress: LocalProgress): string {
  const { round, participant, imagesLeft, imagesPerSecond } = progress;
  const { validationAccuracy } = progress;
  return [
    `round ${round}  ${participant}  ${whereabouts(progress)}`,
    `loss ${lossText(progress.loss)}`,
    ...(validationAccuracy === undefined ? [] : [`validation ${percent(validationAccuracy)}`]),
    `${count(imagesPerSecond)} images/s`,
    ...(imagesLeft > 0 ? [timeLeft(imagesLeft, imagesPerSecond)] : []),
  ].join('  ');
}

/** A participant whose update is in. */
export function updateCells({
  participant,
  epochs,
  steps = 0,
  loss,
  validationAccuracy,
  seconds,
}: UpdateRecord): string[] {
  return [
    participant,
    epochs === undefined ? plural(steps, 'step') : plural(epochs, 'epoch'),
    'done',
    `in ${duration(seconds)}`,
    `loss ${lossText(loss)}`,
    validationAccuracy === undefined ? '' : `validation ${percent(validationAccuracy)}`,
    '',
  ];
}

const whereabouts = ({ epoch, epochs, step, steps }: LocalProgress) =>
  epochs === undefined ? `step ${step}/${steps}` : `epoch ${epoch}/${epochs}`;

const lossText = (loss: number) => (loss < 1000 ? loss.toFixed(4) : loss.toPrecision(4));

const timeLeft = (images: number, perSecond: number) =>
  perSecond > 0 ? `${duration(images / perSecond)} left` : '';
