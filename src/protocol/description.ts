/**
 * The description of a federation, which a participant reads first. The participant compiles the
 * plan from it, and the plan's hash must be the one in the description. Graphs do not travel, since
 * a foreign one could copy examples into "weights". Only for a network that is the coordinator's
 * own code, the plan is offered to participants that accept it (`foreign-plan.ts`).
 */
import { z } from 'zod';
import { everybodySchema, sentenceSchema } from '../base/text.js';
import { columnsFactsSchema } from '../data/column-schema.js';
import { attachmentNamesSchema } from './attachments.js';
import { blobSchema, sha256Schema } from './blob-name.js';
import { configurationSchema } from './configuration/configuration.js';
import { foreignPlanSchema } from './foreign-plan.js';

/** The ID of this run; a run that is resumed keeps it. */
export const jobSchema = z
  .string()
  .regex(/^[0-9a-f]{16}$/)
  .meta({ form: '16 lower-case hexadecimal digits' })
  .describe('The name of this run. A run that is taken up again keeps it.');

export const descriptionSchema = z
  .strictObject({
    protocol: z.int().positive().describe('The version of this protocol: see “Versions”.'),
    job: jobSchema,
    configuration: configurationSchema,
    participants: everybodySchema.describe(
      'Everybody who may take part, in the order in which updates are merged.',
    ),
    inputs: columnsFactsSchema.describe('What the network is given of each example, in its order.'),
    targets: columnsFactsSchema.describe('What is learned of each example, in the order of the task.'),
    plan: sha256Schema.describe('The hash of the compiled plan: see “The plan”.'),
    attachments: attachmentNamesSchema
      .optional()
      .describe(
        'What updates carry in some round or other, by the names of methods: everybody computes the same. Left out where it is nothing.',
      ),
    foreignPlan: foreignPlanSchema
      .optional()
      .describe('The file of the plan, where the coordinator offers it.'),
    frozen: blobSchema
      .optional()
      .describe(
        'The file of what no step changes, frozen weights and constants, where participants cannot draw it themselves.',
      ),
    own: blobSchema
      .optional()
      .describe(
        'The file of the tensors that `share` does not name, as each participant begins with them, where participants cannot draw them themselves.',
      ),
    tokenizer: blobSchema
      .optional()
      .describe('The tokenizer.json by which the texts of everybody become tokens.'),
    commonweight: sentenceSchema(100)
      .optional()
      .describe('The coordinator’s version of Commonweight, for messages about another plan.'),
  })
  .meta({ title: 'Description', description: 'What the federation is: everybody is told the same.' });

export type Description = z.output<typeof descriptionSchema>;
