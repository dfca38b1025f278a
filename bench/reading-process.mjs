/**
 * Reads a CSV file of `reading.ts` as settings describe it, in a process of its own, by the code that
 * is shipped:
 *
 *     reading-process.mjs FILE SETTINGS
 *
 * Prints a line of JSON, {"rows": …, "seconds": …, "cpuSeconds": …, "peakBytes": …}.
 */
import { tableSpec } from '../dist/data/tables/column-specs.js';
import { readTable } from '../dist/data/tables/node/read-table.js';

const [path, settings] = process.argv.slice(2);
const spec = tableSpec(JSON.parse(settings));
const began = performance.now();
const used = process.cpuUsage();
const { rows } = await readTable(path, spec, {});
const seconds = (performance.now() - began) / 1000;
const { user, system } = process.cpuUsage(used);
const peakBytes = 1024 * process.resourceUsage().maxRSS;
console.log(JSON.stringify({ rows, seconds, cpuSeconds: (user + system) / 1e6, peakBytes }));
