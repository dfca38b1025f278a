#!/usr/bin/env node
/** The program: its commands, and how it ends. */
import { createRequire } from 'node:module';
import { Command } from 'commander';
import { commandsFor } from './commands.js';
import { failureOf, usageMessage } from './failure.js';

const { version } = createRequire(import.meta.url)('commonweight/package.json') as { version: string };

async function program(): Promise<Command> {
  const root = new Command('commonweight')
    .description(
      'Train one network where the data lies: every participant trains on its own data, only the weights are merged.',
    )
    .version(version, '-V, --version')
    .configureOutput({ outputError: (text, write) => write(usageMessage(text)) })
    .configureHelp({ helpWidth: Math.min(process.stdout.columns ?? 100, 110) })
    .exitOverride()
    .addHelpText(
      'after',
      `
Examples:
  commonweight reproduce v --out runs/v
  commonweight run federation.yaml --out runs/first --json first.json
  commonweight report runs/v
  commonweight replay runs/v
  commonweight compare federation.yaml --strategies mean,absmax --seeds 3
  commonweight merge a.safetensors b.safetensors --strategy absmax -o merged.safetensors
  commonweight evaluate runs/v/model.safetensors --dataset fashion-mnist
  commonweight predict runs/v/model.safetensors shoe.png
  commonweight help run`,
    );
  for (const add of await commandsFor(process.argv[2])) add(root);
  return root;
}

// A reader that has seen enough, such as `head`, closes the pipe. We end as other programs do, by SIGPIPE: an orderly exit
// would wait for threads that are in the middle of a step. Node ignores that signal until somebody has listened to it.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.once('SIGPIPE', () => {});
  process.removeAllListeners('SIGPIPE');
  process.kill(process.pid, 'SIGPIPE');
});

try {
  const root = await program();
  await root.parseAsync();
} catch (error) {
  const { text, status } = failureOf(error);
  if (text !== '') process.stderr.write(`${text}\n`);
  process.exitCode = status;
}
