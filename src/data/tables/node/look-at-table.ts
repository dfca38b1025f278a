/** Takes a first look at a table in a file. Node only. */
import { basename } from 'node:path';
import { isParquet } from '../../parquet/parquet-file.js';
import { type FirstLook, firstLook } from '../first-look.js';
import { lookAtParquet } from '../parquet/parquet-table.js';
import { piecesOf } from './file-pieces.js';
import { withParquet } from './parquet-source.js';

/** @throws DataError when there is no such file, or no table in it */
export async function lookAtTable(path: string): Promise<FirstLook> {
  if (isParquet(path)) return withParquet(path, (source) => lookAtParquet(basename(path), source));
  const looker = firstLook(basename(path));
  for await (const { piece } of piecesOf(path)) looker.push(piece);
  return looker.finish();
}
