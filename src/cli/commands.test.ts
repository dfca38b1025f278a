import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { addCommands, commandNames } from './commands.js';

const programFor = async (...args: string[]) => {
  const program = new Command();
  await addCommands(program, args);
  return program;
};
const namesFor = async (...args: string[]) => (await programFor(...args)).commands.map((one) => one.name());
const hasOptions = ({ commands }: Command) => commands.some(({ options }) => options.length > 0);

describe('a program that was told its command', () => {
  it('has that one alone', async () => {
    for (const name of ['serve', 'status', 'merge']) expect(await namesFor(name, '--help')).toEqual([name]);
  });

  it.each([['run'], ['help', 'run'], ['--', 'run', '--seed'], ['help', '--', 'run']])(
    'has all of it, where it was told by %s %s',
    async (...args) => {
      const program = await programFor(...args);
      expect(program.commands.map((one) => one.name())).toEqual(['run']);
      expect(hasOptions(program)).toBe(true);
    },
  );
});

describe('every other program', () => {
  it('has the list of all commands, in one order, and loads none', async () => {
    expect(commandNames.slice(0, 3)).toEqual(['init', 'survey', 'reproduce']);
    expect(commandNames).toHaveLength(20);
    for (const other of [[], ['--help'], ['help'], ['serv'], ['toString'], ['--help', 'run']]) {
      const program = await programFor(...other);
      expect(program.commands.map((one) => one.name())).toEqual(commandNames);
      expect(hasOptions(program)).toBe(false);
    }
  });

  it('lists each with the arguments that it takes', async () => {
    const listed = await programFor();
    for (const each of listed.commands) {
      const { commands } = await programFor(each.name());
      expect(each.usage()).toBe(commands[0]!.usage());
      expect(each.summary()).not.toBe('');
    }
  });
});
