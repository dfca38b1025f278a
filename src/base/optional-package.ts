/**
 * Imports an optional package: a peer dependency that only some users install. It is imported where
 * it is used. If it is missing, one line says what to install.
 */
import type { CommonweightError } from './error.js';

export interface OptionalPackage {
  /**
   * What is not possible without it, as a sentence that begins with the room: "data: pictures
   * cannot be read".
   */
  readonly without: string;
  /** Names with versions, as given to npm. */
  readonly packages: readonly string[];
}

type RoomError = new (message: string, options: { hint: string; cause: unknown }) => CommonweightError;

/** @throws an error of the room when a package is not installed, or has no build for this system */
export async function importOptional<Module>(
  load: () => Promise<Module>,
  { without, packages }: OptionalPackage,
  RoomError: RoomError,
): Promise<Module> {
  try {
    return await load();
  } catch (cause) {
    const missing = packages
      .map((one) => one.slice(0, one.lastIndexOf('@')))
      .find((name) => isAbsenceOf(name, cause));
    if (missing === undefined) throw cause;
    throw new RoomError(`${without}: the package "${missing}" is not installed, or not for this system`, {
      hint: `install what this needs beside commonweight: npm install --ignore-scripts ${packages.join(' ')}`,
      cause,
    });
  }
}

/** Matches Node's message, or that of a package whose build for this system is missing. */
const isAbsenceOf = (name: string, error: unknown): boolean =>
  error instanceof Error &&
  ['Cannot find package', 'Could not load the'].some((words) => error.message.startsWith(words)) &&
  [`'${name}'`, `"${name}"`].some((quoted) => error.message.includes(quoted));
