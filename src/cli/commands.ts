/**
 * The commands by name, each with what the list of commands shows. A command imports what it works
 * with, so only the one that was asked for is loaded: the others would take time, and the memory of
 * a coordinator, which lives for days.
 */
import type { Command } from 'commander';

interface CommandEntry {
  /** Its arguments, as its own help has them. */
  readonly takes: string;
  readonly summary: string;
  /** Its options, its help and what it does. */
  readonly load: () => Promise<(program: Command) => void>;
}

const commands: Readonly<Record<string, CommandEntry>> = {
  init: {
    takes: '<data>',
    summary: 'write the file of a federation about a table or texts',
    load: async () => (await import('./commands/init.js')).addInit,
  },
  survey: {
    takes: '<file>',
    summary: 'show what the tables of a federation hold, and where its sites differ',
    load: async () => (await import('./commands/survey.js')).addSurvey,
  },
  reproduce: {
    takes: '<environment>',
    summary: 'repeat the experiment of the paper, or train on the tables of four hospitals',
    load: async () => (await import('./commands/reproduce.js')).addReproduce,
  },
  run: {
    takes: '[file]',
    summary: 'run a federation described by a file or by flags',
    load: async () => (await import('./commands/run.js')).addRun,
  },
  serve: {
    takes: '<file>',
    summary: 'lead a federation whose participants are on other machines',
    load: async () => (await import('./commands/serve.js')).addServe,
  },
  join: {
    takes: '<url>',
    summary: 'take part in a federation, with data that stay here',
    load: async () => (await import('./commands/join.js')).addJoin,
  },
  status: {
    takes: '<url|run>',
    summary: 'show the state of a run: which participants it waits for, and until when',
    load: async () => (await import('./commands/operate.js')).addStatus,
  },
  stop: {
    takes: '<url>',
    summary: 'end a run for good',
    load: async () => (await import('./commands/operate.js')).addStop,
  },
  drop: {
    takes: '<url> <participant>',
    summary: 'go on without a participant, for good',
    load: async () => (await import('./commands/operate.js')).addDrop,
  },
  rollback: {
    takes: '<url>',
    summary: 'resume a run after an earlier round',
    load: async () => (await import('./commands/operate.js')).addRollback,
  },
  token: {
    takes: '<url>',
    summary: 'make a new token, or revoke one',
    load: async () => (await import('./commands/operate.js')).addToken,
  },
  replay: {
    takes: '<run>',
    summary: 'repeat a recorded run, and compare the models',
    load: async () => (await import('./commands/replay.js')).addReplay,
  },
  report: {
    takes: '<run>',
    summary: 'write a page about a run',
    load: async () => (await import('./commands/report.js')).addReport,
  },
  open: {
    takes: '<run>',
    summary: 'show a run in a browser',
    load: async () => (await import('./commands/open.js')).addOpen,
  },
  compare: {
    takes: '<file>',
    summary: 'compare strategies on the same partitions, over several seeds',
    load: async () => (await import('./commands/compare.js')).addCompare,
  },
  merge: {
    takes: '<model...>',
    summary: 'merge models of one network',
    load: async () => (await import('./commands/merge.js')).addMerge,
  },
  inspect: {
    takes: '<model>',
    summary: 'show what an ONNX file of another program holds, and what training it takes',
    load: async () => (await import('./commands/networks/inspect.js')).addInspect,
  },
  evaluate: {
    takes: '<model>',
    summary: 'measure a model on the test images of a data set',
    load: async () => (await import('./commands/evaluate.js')).addEvaluate,
  },
  predict: {
    takes: '<model> <file...>',
    summary: 'name the class of pictures, or predict the rows of a table',
    load: async () => (await import('./commands/predict.js')).addPredict,
  },
  export: {
    takes: '<model>',
    summary: 'write a model as ONNX',
    load: async () => (await import('./commands/export.js')).addExport,
  },
};

export const commandNames: readonly string[] = Object.keys(commands);

/**
 * Adds the command that the arguments ask for. All other arguments, such as a flag or a mistake,
 * are answered from the list of all commands, which loads none.
 */
export async function addCommands(program: Command, args: readonly string[]): Promise<void> {
  // As commander understands them: "help run", and "--" before an operand.
  const [first = '', second = ''] = args.filter((arg) => arg !== '--');
  const asked = first === 'help' ? second : first;
  if (Object.hasOwn(commands, asked)) {
    const add = await commands[asked]?.load();
    add?.(program);
    return;
  }
  for (const [name, { takes, summary }] of Object.entries(commands))
    program.command(name).arguments(takes).summary(summary);
}
