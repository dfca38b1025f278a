/**
 * The commands, by their names. A command brings what it works with, so of a program that was told which one, only that is
 * loaded: a coordinator lives for days, and would keep the rest in memory.
 */
import type { Command } from 'commander';

type Add = (program: Command) => void;

const commands: Readonly<Record<string, () => Promise<Add>>> = {
  reproduce: async () => (await import('./reproduce.js')).addReproduce,
  run: async () => (await import('./run.js')).addRun,
  serve: async () => (await import('./serve.js')).addServe,
  join: async () => (await import('./join.js')).addJoin,
  status: async () => (await import('./operate.js')).addStatus,
  stop: async () => (await import('./operate.js')).addStop,
  drop: async () => (await import('./operate.js')).addDrop,
  rollback: async () => (await import('./operate.js')).addRollback,
  token: async () => (await import('./operate.js')).addToken,
  replay: async () => (await import('./replay.js')).addReplay,
  report: async () => (await import('./report.js')).addReport,
  open: async () => (await import('./open.js')).addOpen,
  compare: async () => (await import('./compare.js')).addCompare,
  merge: async () => (await import('./merge.js')).addMerge,
  evaluate: async () => (await import('./evaluate.js')).addEvaluate,
  predict: async () => (await import('./predict.js')).addPredict,
  export: async () => (await import('./export.js')).addExport,
};

/** @param name the program's first argument; anything but a command, such as a flag or a mistake, wants all of them */
export function commandsFor(name: string | undefined): Promise<Add[]> {
  const named = Object.entries(commands).filter(([each]) => each === name);
  const wanted = named.length > 0 ? named : Object.entries(commands);
  return Promise.all(wanted.map(([, load]) => load()));
}
