/** The settings that are about pictures, and nothing else: a configuration is composed of them. */
import { z } from 'zod';
import type { Complaint } from '../../base/complaint.js';
import { categoryNamesSchema } from '../../base/text.js';
import { LARGEST_SHIFT } from './augmentation.js';
import { type ImageDataset, noImages } from './image-dataset.js';
import { LARGEST_BY_DEFAULT, LARGEST_SIDE, pictureFits } from './picture-size.js';

const count = z.int().min(1);

export const pictureSettings = {
  imageShape: z
    .tuple([count, count, count])
    .optional()
    .describe('[channels, height, width] of everybody’s images, where the coordinator has none to look at.'),
  classNames: categoryNamesSchema
    .min(2)
    .optional()
    .describe('The names of the classes, where the coordinator has no images.'),
  imageSize: z
    .union([
      count.max(LARGEST_SIDE),
      z.string().regex(/^[1-9]\d{0,3}x[1-9]\d{0,3}$/, 'expected height x width such as "96x64"'),
    ])
    .optional()
    .describe(
      `The size to which a folder of pictures is brought, in pixels: one number, or height x width such as "96x64"; by default the median of the pictures, at most ${LARGEST_BY_DEFAULT} on the longer side.`,
    ),
  imageFit: z
    .enum(pictureFits)
    .default('stretch')
    .describe('How a picture of another shape comes to that size, at every participant.'),
  skipDamaged: z
    .boolean()
    .default(false)
    .describe(
      'Leave out files of this machine’s folder that cannot be used, instead of refusing it; participants elsewhere decide for their own.',
    ),
  normalization: z
    .strictObject({
      mean: z.array(z.number()).min(1).describe('One number, or one for each channel.'),
      deviation: z.array(z.number().positive()).min(1).describe('One number, or one for each channel.'),
    })
    .default({ mean: [0], deviation: [1] })
    .describe(
      'A pixel becomes (byte/255 − mean)/deviation, in the graph. The coordinator takes that of its own data by default.',
    ),
  augmentation: z
    .strictObject({
      flip: z.boolean().default(false).describe('Mirror half of the images.'),
      shift: z
        .int()
        .min(0)
        .max(LARGEST_SHIFT)
        .default(0)
        .meta({ unit: 'pixels', description: 'The most that an image is shifted each way.' }),
      rotation: z
        .number()
        .min(0)
        .max(180)
        .default(0)
        .meta({ unit: 'degrees', description: 'The most that an image is turned each way.' }),
      crop: z
        .number()
        .min(0.05)
        .max(1)
        .default(1)
        .describe('The smallest part of an image’s area that is cut out and resized; 1: the whole image.'),
      brightness: z
        .number()
        .min(0)
        .max(1)
        .default(0)
        .describe('How far the factor of an image’s brightness lies from 1 at most.'),
      contrast: z
        .number()
        .min(0)
        .max(1)
        .default(0)
        .describe('How far the factor of an image’s contrast lies from 1 at most.'),
    })
    .optional()
    .describe('What is done to training images.'),
} as const;

export interface PictureFactsSettings {
  readonly dataset: string;
  readonly imageShape?: readonly number[] | undefined;
  readonly classNames?: readonly string[] | undefined;
  readonly imageSize?: number | string | undefined;
  readonly augmentation?: object | undefined;
  readonly data?: { readonly kind: string; readonly labels?: unknown; readonly masks?: unknown } | undefined;
}

/**
 * A set without examples of the pictures that such settings are about; undefined where a data set
 * says it.
 */
export function picturesOfSettings({
  dataset: name,
  imageShape,
  classNames,
}: PictureFactsSettings): ImageDataset | undefined {
  const [channels, height, width] = imageShape ?? [];
  if (channels === undefined || height === undefined || width === undefined || classNames === undefined) {
    return undefined;
  }
  return noImages({ name, channels, height, width, classNames });
}

/** A data set says itself what its pictures are; where there is none, the settings say it. */
export function pictureFactsProblem(settings: PictureFactsSettings): Complaint | undefined {
  const none = settings.dataset === 'none';
  const { dataset, imageSize, data } = settings;
  if (data !== undefined && data.kind !== 'pictures') {
    const fields = ['imageShape', 'classNames', 'imageSize', 'augmentation'] as const;
    const field = fields.find((one) => settings[one] !== undefined);
    return field && ofPicturesOnly(field, data.kind);
  }
  if (imageSize !== undefined && (none || dataset === 'fashion-mnist')) {
    return {
      message: `"imageSize" is ${JSON.stringify(imageSize)}, but "dataset" is "${dataset}", expected a folder of pictures`,
      hint: none ? 'say it in "imageShape": [channels, height, width]' : 'leave "imageSize" out',
    };
  }
  for (const field of ['imageShape', 'classNames'] as const) {
    if (none === (settings[field] !== undefined)) continue;
    // Labels and masks have names of their own.
    if (none && field === 'classNames' && isNamed(data)) continue;
    return none
      ? {
          message: `"dataset" is "none", but "${field}" is missing, expected what the participants' images are`,
          hint: 'such as imageShape: [1, 28, 28] and classNames: [cat, dog]',
        }
      : {
          message: `"${field}" is set, but "dataset" is "${settings.dataset}", which has its own`,
          hint: `leave "${field}" out, or set "dataset" to none`,
        };
  }
  return undefined;
}

function isNamed(data: PictureFactsSettings['data']): boolean {
  const { labels, masks } = data ?? {};
  if (masks !== undefined) return true;
  return typeof labels === 'object' && labels !== null && ('columns' in labels || 'list' in labels);
}

const ofPicturesOnly = (field: string, kind: string): Complaint => ({
  message: `"${field}" is set, which is about pictures, but "data.kind" is "${kind}"`,
  hint: `leave "${field}" out`,
});
