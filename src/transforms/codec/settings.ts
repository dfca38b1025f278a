/** The settings that name the codec of each way. */
import { z } from 'zod';

export const CODEC_NAME = /^[a-z][a-z0-9-]{0,39}$/;

const name = z
  .string()
  .regex(CODEC_NAME)
  .default('plain')
  .meta({ form: 'a name of lower-case letters, digits and hyphens' });

export const codecSchema = z
  .strictObject({
    update: name.describe('How the weights of an update travel: `plain`, `half`, or a program’s own.'),
    model: name.describe('How those of the merged model travel.'),
  })
  .meta({ title: 'Codec', description: 'In which form weights travel, each way.' });
