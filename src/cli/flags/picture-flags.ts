/** Flags about folders of pictures, which several commands have. */
import { Option } from 'commander';
import { pictureExtentOf, pictureFits } from '../../data/images/picture-size.js';
import { oneOf } from './values.js';

export const skipDamagedOption = () =>
  new Option(
    '--skip-damaged',
    'leave out files that cannot be used as pictures, instead of refusing the folder',
  );

export const sizeOption = () =>
  new Option(
    '--size <pixels>',
    'size to which pictures are brought: one number, or height x width such as 96x64; their median by default, at most 96',
  ).argParser(sizeFrom);

export const fitOption = () =>
  new Option(
    '--fit <how>',
    `how a picture of another shape comes to that size: ${pictureFits.join(', ')}`,
  ).argParser(oneOf('--fit', pictureFits));

export const labelsOption = () =>
  new Option(
    '--labels <file>',
    'table in the folder of pictures that has the class of each, such as labels.csv; by default their folders are the classes',
  );

/** As the setting "imageSize" has it. */
function sizeFrom(text: string): string {
  const { height, width } = pictureExtentOf(text);
  return `${height}x${width}`;
}
