import { Command } from 'commander';
import { expect, it } from 'vitest';
import { commandsFor } from './commands.js';

const namesFor = async (argument: string | undefined) => {
  const program = new Command();
  for (const add of await commandsFor(argument)) add(program);
  return program.commands.map((command) => command.name());
};

it('a program that was told its command has that one alone', async () => {
  for (const name of ['serve', 'status', 'merge']) expect(await namesFor(name)).toEqual([name]);
});

it('every other program has all of them, in one order', async () => {
  const all = await namesFor(undefined);
  expect(all.slice(0, 3)).toEqual(['reproduce', 'run', 'serve']);
  expect(all).toHaveLength(17);
  for (const other of ['--help', 'help', 'serv', 'toString']) expect(await namesFor(other)).toEqual(all);
});
