/** Flags that change training images at random. */
import { Option } from 'commander';
import { LARGEST_SHIFT } from '../../data/images/augmentation.js';
import { UsageError } from '../terminal/error.js';
import { wholeNumber } from './values.js';

export const flipOption = () => new Option('--flip', 'mirror each training image with probability one half');

export const shiftOption = () =>
  new Option('--shift <n>', 'shift training images by up to n pixels').argParser(
    wholeNumber('--shift', 0, LARGEST_SHIFT),
  );

export const rotationOption = () =>
  new Option('--rotation <degrees>', 'turn training images by up to so many degrees').argParser(
    numberWithin('--rotation', 0, 180),
  );

export const cropOption = () =>
  new Option(
    '--crop <part>',
    'cut a random part out of each training image and resize it: this part of the area at least, such as 0.6',
  ).argParser(numberWithin('--crop', 0.05, 1));

export const brightnessOption = () =>
  new Option(
    '--brightness <x>',
    'multiply the brightness of each training image by a factor from 1 - x to 1 + x',
  ).argParser(numberWithin('--brightness', 0, 1));

export const contrastOption = () =>
  new Option('--contrast <x>', 'the same with the contrast').argParser(numberWithin('--contrast', 0, 1));

const numberWithin = (flag: string, from: number, to: number) => (text: string) => {
  const value = Number(text);
  if (text.trim() !== '' && value >= from && value <= to) return value;
  throw new UsageError(`${flag} is "${text}", expected a number from ${from} to ${to}`);
};
