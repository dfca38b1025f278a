/**
 * The settings of attackers in a simulation: the last `attackers` participants work against the
 * federation.
 */
import { z } from 'zod';

const attackers = z.int().min(1).default(1).describe('How many of the last participants attack.');
const positive = z.number().positive();
const scale = (value: number) =>
  positive.default(value).describe('The factor by which the change is multiplied.');

export const attackSchema = z
  .discriminatedUnion('name', [
    z.strictObject({ name: z.literal('sign-flip'), attackers, scale: scale(1) }),
    z.strictObject({
      name: z.literal('noise'),
      attackers,
      sigma: positive.default(1).describe('The standard deviation of the noise.'),
    }),
    z.strictObject({ name: z.literal('label-flip'), attackers }),
    z.strictObject({ name: z.literal('scaled'), attackers, scale: scale(10) }),
    z.strictObject({
      name: z.literal('alie'),
      attackers,
      z: z
        .number()
        .optional()
        .describe('The distance in standard deviations; computed from n and f by default.'),
    }),
  ])
  .meta({ title: 'Attack', description: 'An attack in a simulation, known by its `name`.' });

export type AttackSettings = z.output<typeof attackSchema>;
