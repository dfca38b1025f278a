/**
 * The tables in the docs: what stands between `<!-- results:STUDY -->` and `<!-- /results -->` is
 * generated. Everything else is left as it is.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileWhole } from '../../src/base/node/whole-file.js';
import { StudyError } from './error.js';
import { readOutcomes } from './results-folder.js';
import type { Study } from './study.js';
import { studyTable } from './table.js';

const START = /<!-- results:(.*?) -->/;
const END = '<!-- /results -->';

export interface Document {
  readonly file: string;
  readonly text: string;
  /** What it says once its tables are those of the results. */
  readonly generated: string;
}

/** The documents of a folder, and what they should say. */
export async function readDocuments(
  folder: string,
  results: string,
  studies: readonly Study[],
): Promise<Document[]> {
  const tables = new Map<string, string>();
  for (const study of studies) tables.set(study.name, studyTable(study, await readOutcomes(results, study)));
  const names = (await readdir(folder)).filter((name) => name.endsWith('.md')).sort();
  return Promise.all(
    names.map(async (name) => {
      const file = join(folder, name);
      const text = await readFile(file, 'utf8');
      return { file, text, generated: fillRegions(text, tables, file) };
    }),
  );
}

/** Writes those that say something else. */
export async function writeDocuments(documents: readonly Document[]): Promise<string[]> {
  const changed = documents.filter(({ text, generated }) => text !== generated);
  for (const { file, generated } of changed) {
    await writeFileWhole(file, new TextEncoder().encode(generated));
  }
  return changed.map(({ file }) => file);
}

/** @throws StudyError when a region has no end, or is of a study that there is not. */
export function fillRegions(text: string, tables: ReadonlyMap<string, string>, file: string): string {
  const [before = '', name, ...after] = splitAt(text, START);
  if (name === undefined) return text;
  const rest = after.join('');
  const table = tables.get(name);
  if (table === undefined) {
    throw new StudyError(
      `studies: "${file}" has a table of "${name}", expected one of ${[...tables.keys()].join(', ')}`,
    );
  }
  const end = rest.indexOf(END);
  if (end < 0 || START.test(rest.slice(0, end))) {
    throw new StudyError(`studies: "${file}": the table of "${name}" has no end`, {
      hint: `write ${END} below it`,
    });
  }
  const next = fillRegions(rest.slice(end + END.length), tables, file);
  return `${before}<!-- results:${name} -->\n${table}\n${END}${next}`;
}

/** What stands before the first match, its group, and what stands after it. */
function splitAt(text: string, pattern: RegExp): string[] {
  const match = pattern.exec(text);
  if (match === null) return [text];
  return [text.slice(0, match.index), match[1] ?? '', text.slice(match.index + match[0].length)];
}
