/**
 * The commands by their names. A command imports what it works with, and only the command that was
 * asked for is loaded: a coordinator lives for days, and would keep the rest in memory.
 */
import type { Command } from 'commander';

type Add = (program: Command) => void;

const commands: Readonly<Record<string, () => Promise<Add>>> = {
  reproduce: async () => (await import('./commands/reproduce.js')).addReproduce,
  run: async () => (await import('./commands/run.js')).addRun,
  serve: async () => (await import('./commands/serve.js')).addServe,
  join: async () => (await import('./commands/join.js')).addJoin,
  status: async () => (await import('./commands/operate.js')).addStatus,
  stop: async () => (await import('./commands/operate.js')).addStop,
  drop: async () => (await import('./commands/operate.js')).addDrop,
  rollback: async () => (await import('./commands/operate.js')).addRollback,
  token: async () => (await import('./commands/operate.js')).addToken,
  replay: async () => (await import('./commands/replay.js')).addReplay,
  report: async () => (await import('./commands/report.js')).addReport,
  open: async () => (await import('./commands/open.js')).addOpen,
  compare: async () => (await import('./commands/compare.js')).addCompare,
  merge: async () => (await import('./commands/merge.js')).addMerge,
  evaluate: async () => (await import('./commands/evaluate.js')).addEvaluate,
  predict: async () => (await import('./commands/predict.js')).addPredict,
  export: async () => (await import('./commands/export.js')).addExport,
};

/**
 * @param name the program's first argument; anything but a command, such as a flag or a mistake,
 *   wants all of them
 */
export function commandsFor(name: string | undefined): Promise<Add[]> {
  const named = Object.entries(commands).filter(([each]) => each === name);
  const wanted = named.length > 0 ? named : Object.entries(commands);
  return Promise.all(wanted.map(([, load]) => load()));
}
