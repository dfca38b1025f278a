/** Settings of attackers, in a simulation: the last `attackers` participants wish the federation ill. */
import { z } from 'zod';

const attackers = z.int().min(1).default(1);
const positive = z.number().positive();

export const attackSchema = z.discriminatedUnion('name', [
  z.strictObject({ name: z.literal('sign-flip'), attackers, scale: positive.default(1) }),
  z.strictObject({ name: z.literal('noise'), attackers, sigma: positive.default(1) }),
  z.strictObject({ name: z.literal('label-flip'), attackers }),
  z.strictObject({ name: z.literal('scaled'), attackers, scale: positive.default(10) }),
  /** z by the formula of n and f where it is not given. */
  z.strictObject({ name: z.literal('alie'), attackers, z: z.number().optional() }),
]);

export type AttackSettings = z.output<typeof attackSchema>;
