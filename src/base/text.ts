/**
 * The form of words that cross the wire. They reach the terminals and logs of others, and a
 * participant's name becomes part of file names.
 */
import { z } from 'zod';
import { participantNameProblem, participantNamesProblem, repeatedName } from './names.js';
import { isPrintable, printable } from './printable.js';

/** A sentence for people: what could harm a terminal is taken out of it. */
export const sentenceSchema = (mostCharacters: number) => z.string().max(mostCharacters).transform(printable);

/** What others are to repeat as it is, so nothing is taken out. */
export const nameSchema = z
  .string()
  .min(1)
  .max(200)
  .refine(isPrintable, 'expected a name without control characters');

/** Of a class or a participant: two spellings of one name become the same. */
const canonicalNameSchema = nameSchema.normalize('NFC');

/** Of a participant: part of a folder's name here and there. */
export const participantNameSchema = canonicalNameSchema
  .refine((name) => !/[/\\]/.test(name), 'expected a name without "/" and "\\"')
  .superRefine((name, context) => {
    const problem = participantNameProblem(name);
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
  });

/** Everybody who takes part, or some of them. */
export const participantsSchema = z.array(participantNameSchema).max(10_000);

/** Everybody there is in a federation: no two of them meet in one file. */
export const everybodySchema = participantsSchema.min(1).superRefine((names, context) => {
  const problem = participantNamesProblem(names);
  if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
});

/** Of categories, in the order of their numbers. */
export const categoryNamesSchema = z
  .array(canonicalNameSchema)
  .max(10_000)
  .superRefine((names, context) => {
    const repeated = repeatedName(names);
    if (repeated === undefined) return;
    const places = names.flatMap((name, place) => (name === repeated.again ? [place + 1] : []));
    const message = `has "${repeated.again}" at places ${places.slice(0, 2).join(' and ')}, expected each once, in whatever spelling of Unicode`;
    context.addIssue({ code: 'custom', message });
  });
