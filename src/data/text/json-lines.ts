/** The texts of a JSONL file: one object in each line, with fields for the text and its label. */
import { excerpt } from '../../base/excerpt.js';
import { canonicalName } from '../../base/names.js';
import { nearestName } from '../../base/nearest-name.js';
import { DataError } from '../error.js';
import { refuseForeignTable } from '../tables/foreign-table.js';
import { type TextBytes, utf8Bytes } from '../tables/text-bytes.js';
import type { TextExample, TextFile } from './text-examples.js';
import type { TextSpec } from './text-spec.js';

/** A line longer than that is of no such file. */
const LONGEST_LINE = 2 ** 24;

/** @throws DataError naming the line that is no object, or has no text */
export async function* jsonLines(
  { name, pieces }: TextFile,
  spec: TextSpec,
): AsyncGenerator<readonly TextExample[]> {
  const decoder = new TextDecoder();
  let bytes: TextBytes | undefined;
  let begun = '';
  let line = 0;
  const read = (text: string): TextExample[] => {
    line++;
    return text.trim() === '' ? [] : [exampleOf(name, text, line, spec)];
  };
  for await (const piece of pieces()) {
    if (bytes === undefined) {
      refuseForeignTable(name, piece, 'a JSONL file');
      bytes = utf8Bytes(name, piece, spec.encoding);
    }
    const lines = (begun + decoder.decode(bytes.push(piece), { stream: true })).split('\n');
    begun = lines.pop() as string;
    if (begun.length > LONGEST_LINE) {
      throw new DataError(
        `data: "${name}", line ${line + lines.length + 1} has more than ${LONGEST_LINE} characters, expected an object in each line`,
      );
    }
    yield lines.flatMap(read);
  }
  if (bytes !== undefined) begun += decoder.decode(bytes.end());
  yield read(begun);
}

function exampleOf(name: string, text: string, line: number, { text: field, label }: TextSpec): TextExample {
  const where = `data: "${name}", line ${line}`;
  const given = parsed(where, text);
  const value = given[field];
  if (typeof value !== 'string') {
    const nearest = field in given ? undefined : nearestName(field, Object.keys(given));
    throw new DataError(
      field in given
        ? `${where}: "${field}" is ${excerpt(value)}, expected a text`
        : `${where}: there is no "${field}", got ${Object.keys(given).slice(0, 20).join(', ') || 'no fields'}`,
      {
        hint: `name the field by "data.text"${nearest === undefined ? '' : `, such as "${nearest}"`}`,
      },
    );
  }
  const own = label === undefined ? undefined : given[label];
  if (typeof own === 'object' && own !== null) {
    throw new DataError(`${where}: "${label}" is ${excerpt(own)}, expected a class`, {
      hint: 'a text has one class',
    });
  }
  const known = own === undefined || own === null ? '' : canonicalName(String(own).trim());
  return { text: value, label: known === '' ? undefined : known, place: `line ${line}` };
}

function parsed(where: string, text: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new DataError(`${where} is not JSON: ${excerpt(text.trim())}`, {
      cause,
      hint: 'write an object into each line, such as {"text": "…", "label": "…"}',
    });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Readonly<Record<string, unknown>>;
  }
  throw new DataError(`${where} is ${excerpt(value)}, expected an object`, {
    hint: 'write one such as {"text": "…", "label": "…"} into each line',
  });
}
