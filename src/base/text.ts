/**
 * Schemas of words that cross the wire. They reach terminals and logs of others, and a
 * participant's name becomes part of file names.
 */
import { z } from 'zod';
import { participantNameProblem, participantNamesProblem, repeatedName } from './names.js';
import { isPrintable, printable } from './printable.js';

/** A sentence for people; characters that could harm a terminal are removed. */
export const sentenceSchema = (mostCharacters: number) => z.string().max(mostCharacters).transform(printable);

/** A name that others must repeat unchanged, so nothing is removed. */
export const nameSchema = z
  .string()
  .min(1)
  .max(200)
  .refine(isPrintable, 'expected a name without control characters');

/** The name of a category or a participant: two spellings of one name become the same. */
const canonicalNameSchema = nameSchema.normalize('NFC');

/** The name of a participant, which becomes part of the names of files and folders. */
export const participantNameSchema = canonicalNameSchema.superRefine((name, context) => {
  const problem = participantNameProblem(name);
  if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
});

/** Some or all participants. */
export const participantsSchema = z.array(participantNameSchema).max(10_000);

/** All participants of a federation; no two of them have the same file name. */
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
