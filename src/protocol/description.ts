/**
 * What a participant is told before anything else: the description from which it compiles the plan itself, and the plan's
 * hash, which must come out. A graph does not travel, for a foreign one could copy pixels into "weights"; but of a network that is
 * the coordinator's own code it is offered, to those who accept it (`foreign-plan.ts`).
 */
import { z } from 'zod';
import { classNamesSchema, everybodySchema, sentenceSchema } from '../base/text.js';
import { sha256Schema } from './blob-name.js';
import { configurationSchema } from './configuration/configuration.js';
import { foreignPlanSchema } from './foreign-plan.js';

/** Of this federation: a run that is taken up again keeps it. */
export const jobSchema = z.string().regex(/^[0-9a-f]{16}$/);

export const descriptionSchema = z.strictObject({
  protocol: z.int().positive(),
  job: jobSchema,
  configuration: configurationSchema,
  /** Everybody who may take part, in the order in which updates are merged. */
  participants: everybodySchema,
  /** [C,H,W] of the images. */
  imageShape: z.tuple([z.int().positive(), z.int().positive(), z.int().positive()]),
  classNames: classNamesSchema.min(1),
  /** Of the compiled plan; see `planHash`. */
  plan: sha256Schema,
  /** The file of the plan, where the model is "custom" and everybody is sent the weights to begin with. */
  foreignPlan: foreignPlanSchema.optional(),
  /** The coordinator's version of this package, for whoever compiles another plan. */
  commonweight: sentenceSchema(100).optional(),
});

export type Description = z.output<typeof descriptionSchema>;
