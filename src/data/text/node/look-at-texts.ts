/** Takes a first look at texts with classes: in a table, a JSONL file or a folder. Node only. */
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { excerpt } from '../../../base/excerpt.js';
import type { Dataset } from '../../dataset.js';
import { DataError } from '../../error.js';
import type { FirstLook } from '../../tables/first-look.js';
import { piecesOf } from '../../tables/node/file-pieces.js';
import { isJsonLines } from '../text-file.js';
import { byteTokenizer } from '../tokenizer.js';
import { loadTexts } from './load-texts.js';

export interface TextFields {
  readonly text: string;
  readonly label: string;
}

export interface TextLook {
  /** Undefined for a folder. */
  readonly fields: TextFields | undefined;
  readonly dataset: Dataset;
}

/** Whether it is a folder or a file that only texts lie in. */
export const holdsTexts = async (path: string): Promise<boolean> =>
  isJsonLines(path) || (await stat(path).catch(() => undefined))?.isDirectory() === true;

/** @param target the field that is learned; "label", or the last one, by default */
export async function lookAtTexts(path: string, target?: string): Promise<TextLook> {
  const fields = isJsonLines(path) ? await fieldsOf(path, target) : undefined;
  return lookAtFields(path, fields);
}

export async function lookAtFields(path: string, fields: TextFields | undefined): Promise<TextLook> {
  const spec = {
    ...{ text: 'text', label: 'label', ...fields },
    ...{ classes: undefined, length: undefined, tokenizer: byteTokenizer },
  };
  const [loaded] = await loadTexts([{ path, wanted: 'training' }], spec, {});
  return { fields, dataset: (loaded as { train: Dataset }).train };
}

/** Of a table that has one column of texts and no other inputs. */
export function textFieldsOf({ columns }: FirstLook, target: string | undefined): TextFields | undefined {
  const learned = target === undefined ? columns.at(-1) : columns.find(({ name }) => name === target);
  const others = columns.filter((column) => column !== learned && column.name !== '');
  const [text, ...more] = others.filter(({ kind }) => kind === 'text');
  const isAlone = more.length === 0 && others.every(({ kind }) => kind === 'text' || kind === 'empty');
  if (text === undefined || !isAlone || learned?.kind !== 'category') return undefined;
  return { text: text.name, label: learned.name };
}

async function fieldsOf(path: string, target: string | undefined): Promise<TextFields> {
  const first = await firstLine(path);
  const names = Object.keys(first);
  const label = target ?? (names.includes('label') ? 'label' : names.at(-1));
  const texts = names.filter((name) => name !== label && typeof first[name] === 'string');
  const text = texts.includes('text') ? 'text' : texts[0];
  if (label !== undefined && names.includes(label) && text !== undefined) return { text, label };
  throw new DataError(
    `data: the first line of "${basename(path)}" has ${names.join(', ') || 'no fields'}, expected a text and ${target === undefined ? 'its class' : `"${target}"`}`,
    { hint: 'name the field that is learned by --target' },
  );
}

async function firstLine(path: string): Promise<Readonly<Record<string, unknown>>> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const { piece } of piecesOf(path)) {
    text += decoder.decode(piece, { stream: true });
    if (text.includes('\n')) break;
  }
  const [line = ''] = text.split('\n');
  try {
    return { ...(JSON.parse(line) as Record<string, unknown>) };
  } catch (cause) {
    throw new DataError(`data: "${basename(path)}", line 1 is not JSON: ${excerpt(line)}`, { cause });
  }
}
