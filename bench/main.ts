/** `npm run bench`: one command that measures speed and memory, as ratios taken in one run. */
import { writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import { commandFailure, usageMessage } from '../src/cli/failure.js';
import { listOf, oneOf, wholeNumber } from '../src/cli/flags/values.js';
import { checkoutAt } from './against.js';
import { BenchError } from './error.js';
import { describeMachine, type Machine } from './machine.js';
import { isNetworkName, type NetworkName, networkNames } from './networks.js';
import { isPartName, type PartName, partNames, parts } from './parts.js';
import { findPeers, PEERS_VARIABLE } from './peers.js';
import { findPyTorch, PYTHON_VARIABLE, pythonsOf } from './pytorch.js';
import { findPandas } from './reading.js';
import { machineLines } from './tables.js';

interface Flags {
  readonly networks: readonly NetworkName[];
  readonly batch: number;
  readonly quick?: true;
  readonly json?: string;
  readonly python: readonly string[];
  readonly peers?: string;
  readonly against?: string;
}

/** Only these compare with PyTorch. */
const withPeers: readonly PartName[] = ['steps', 'browser'];

const program = new Command('npm run bench --')
  .description('Measures speed and memory; bench/README.md says how.')
  .argument(
    '[what...]',
    `parts: ${partNames.join(', ')} (all by default); networks: ${networkNames.join(', ')}`,
  )
  .option(
    '--networks <names>',
    'those to measure, a,b,…',
    listOf(oneOf('--networks', networkNames)),
    networkNames,
  )
  .option('--batch <n>', 'images a step', wholeNumber('--batch', 1, 4096), 64)
  .option('--quick', 'short slices, small files, no emulated GPU')
  .option('--json <file>', 'write all figures as JSON')
  .option(
    '--python <path>',
    `a Python with PyTorch, or with pandas for "reading"; may be repeated (and ${PYTHON_VARIABLE}=a:b)`,
    (path: string, all: readonly string[]) => [...all, path],
    [],
  )
  .option(
    '--peers <folder>',
    `where libraries of JavaScript are installed, for "steps" (or ${PEERS_VARIABLE}=folder)`,
  )
  .option('--against <checkout>', 'for "steps" alone: another checkout, in place of PyTorch')
  .configureOutput({ outputError: (text, write) => write(usageMessage(text)) })
  .exitOverride()
  .action(bench);

async function bench(what: readonly string[], flags: Flags): Promise<void> {
  const { chosen, networks } = choose(what, flags);
  const against = flags.against === undefined ? undefined : checkoutAt(flags.against);
  if (against !== undefined && chosen.join() !== 'steps') {
    throw new BenchError(`bench: --against compares steps, got ${chosen.join(', ')}`, {
      hint: 'npm run bench -- steps --against CHECKOUT',
    });
  }
  const compares = against === undefined && chosen.some((name) => withPeers.includes(name));
  const pyTorches = compares ? await findPyTorch(flags.python) : [];
  const peers = compares && chosen.includes('steps') ? await findPeers(flags.peers) : [];
  const pandas = chosen.includes('reading') ? await findPandas(pythonsOf(flags.python)) : undefined;
  const machine = describeMachine(pyTorches, pandas);
  const notes: string[] = [];
  const tell = (note: string) => {
    notes.push(note);
    console.log(`note: ${note}`);
  };
  console.log(machineLines(machine));
  if (compares && pyTorches.length === 0) {
    tell('no Python here has PyTorch, so ours stands alone; bench/README.md says how to get one');
  }
  if (chosen.includes('reading') && pandas === undefined) {
    tell('no Python here has pandas, so ours reads alone; name one by --python');
  }
  const results: { part: PartName; figures: unknown }[] = [];
  const options = {
    networks,
    batchSize: flags.batch,
    quick: flags.quick ?? false,
    pyTorches,
    pandas,
    peers,
    against,
    tell,
  };
  for (const part of chosen) {
    for await (const { figures, table } of parts[part](options)) {
      results.push({ part, figures });
      console.log(`\n${table}`);
      // Written after every result: what has been measured is there whatever comes later.
      if (flags.json !== undefined) await writeJson(flags.json, { machine, notes, results });
    }
  }
}

/** "profile resnet8": words name parts or networks. */
function choose(what: readonly string[], flags: Flags) {
  const stranger = what.find((word) => !isPartName(word) && !isNetworkName(word));
  if (stranger !== undefined) {
    throw new BenchError(`bench: "${stranger}" is neither a part nor a network`, {
      hint: `parts: ${partNames.join(', ')}; networks: ${networkNames.join(', ')}`,
    });
  }
  const chosen = what.filter(isPartName);
  const networks = what.filter(isNetworkName);
  return {
    chosen: chosen.length === 0 ? partNames : chosen,
    networks: networks.length === 0 ? flags.networks : networks,
  };
}

interface Figures {
  readonly machine: Machine;
  readonly notes: readonly string[];
  readonly results: readonly unknown[];
}

async function writeJson(path: string, figures: Figures): Promise<void> {
  await writeFile(path, `${JSON.stringify(figures, null, 2)}\n`).catch((cause: Error) => {
    throw new BenchError(`bench: "${path}" cannot be written: ${cause.message}`, { cause });
  });
}

try {
  await program.parseAsync();
} catch (error) {
  const { text, status } = commandFailure(error);
  if (text !== '') console.error(text.replace(/^commonweight: (bench: )?/, 'bench: '));
  process.exitCode = status;
}
