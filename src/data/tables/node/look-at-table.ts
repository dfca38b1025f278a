/** Takes a first look at a table in a file. Node only. */
import { basename } from 'node:path';
import { type FirstLook, firstLook } from '../first-look.js';
import { piecesOf } from './file-pieces.js';

/** @throws DataError when there is no such file, or no table in it */
export async function lookAtTable(path: string): Promise<FirstLook> {
  const looker = firstLook(basename(path));
  for await (const { piece } of piecesOf(path)) looker.push(piece);
  return looker.finish();
}
