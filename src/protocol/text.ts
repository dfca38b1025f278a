/** Words that cross the wire. They come to terminals and logs of others, and a participant's name to names of files. */
import { z } from 'zod';
import { isPrintable, printable } from '../tensor/printable.js';

/** A sentence for people: what could harm a terminal is taken out of it. */
export const sentenceSchema = (mostCharacters: number) => z.string().max(mostCharacters).transform(printable);

/** What others are to repeat as it is, so nothing is taken out. */
export const nameSchema = z
  .string()
  .min(1)
  .max(200)
  .refine(isPrintable, 'expected a name without control characters');

/** Of a participant: part of a folder's name here and there. */
export const participantNameSchema = nameSchema.refine(
  (name) => !/[/\\]/.test(name),
  'expected a name without "/" and "\\"',
);

/** Everybody who takes part, or some of them. */
export const participantsSchema = z.array(participantNameSchema).max(10_000);

/** Of classes, in the order of their labels. */
export const classNamesSchema = z.array(nameSchema).max(10_000);
