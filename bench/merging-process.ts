/**
 * One merge of files, or the reading and writing alone that it cannot do without, in a process of
 * its own:
 *
 *     merging-process.ts STRATEGY|none OUTPUT INPUT…
 *
 * Prints a line of JSON, {"seconds": …, "peakBytes": …}.
 */
import { closeSync, fstatSync, fsyncSync, openSync, readSync, renameSync, writeSync } from 'node:fs';
import { mergeFiles } from '../src/merge/files/merge-files.js';
import { strategyByName } from '../src/merge/strategies/strategies.js';
import { ownPeakBytes } from './machine.js';

const BLOCK_BYTES = 2 ** 18;

/**
 * All inputs are read, block by block in turn; the blocks of the last become the output, which is
 * synced and renamed.
 */
function readAndWrite(output: string, inputs: readonly string[]): void {
  const handles = inputs.map((input) => openSync(input, 'r'));
  const block = new Uint8Array(BLOCK_BYTES);
  const partial = openSync(`${output}.partial`, 'w');
  const bytes = fstatSync(handles[0] as number).size;
  for (let done = 0; done < bytes; ) {
    let read = 0;
    for (const handle of handles) read = readSync(handle, block, 0, BLOCK_BYTES, done);
    writeSync(partial, block, 0, read);
    done += read;
  }
  fsyncSync(partial);
  for (const handle of [...handles, partial]) closeSync(handle);
  renameSync(`${output}.partial`, output);
}

const [strategy = '', output = '', ...inputs] = process.argv.slice(2);
const began = performance.now();
if (strategy === 'none') readAndWrite(output, inputs);
else await mergeFiles({ inputs, output, strategy: strategyByName(strategy) });
const seconds = (performance.now() - began) / 1000;
console.log(JSON.stringify({ seconds, peakBytes: ownPeakBytes() }));
