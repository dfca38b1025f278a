/** Puts the commands together, runs one, and words its failure. */
import { createRequire } from 'node:module';
import { Command } from 'commander';
import { addCommands } from './commands.js';
import { type CommandFailure, commandFailure, usageMessage } from './failure.js';

const { version } = createRequire(import.meta.url)('commonweight/package.json') as { version: string };

async function program(args: readonly string[]): Promise<Command> {
  const root = new Command('commonweight')
    .description(
      'Commonweight trains one network on the data of several owners. Each participant trains on its own data and sends only weights, which are merged.',
    )
    .version(version, '-V, --version')
    .configureOutput({ outputError: (text, write) => write(usageMessage(text)) })
    .configureHelp({
      helpWidth: Math.min(process.stdout.columns ?? 100, 110),
      // Commands in the list are not loaded: by default, their terms would lack "[options]".
      subcommandTerm: (command) => `${command.name()} ${command.usage()}`,
    })
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
  await addCommands(root, args);
  return root;
}

/** @param args the arguments without the program's name. @returns the failure, if there was one */
export async function runProgram(args: readonly string[]): Promise<CommandFailure | undefined> {
  try {
    const root = await program(args);
    await root.parseAsync(args, { from: 'user' });
    return undefined;
  } catch (error) {
    return commandFailure(error);
  }
}
