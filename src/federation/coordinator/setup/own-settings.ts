/**
 * What a program hands in beside its settings, as the settings say it: the name of a data set, and
 * a task of its own.
 */
import type { Dataset } from '../../../data/dataset.js';
import { factsOfMetrics } from '../../../engine/nn/tasks/measures.js';
import type { Task } from '../../../engine/nn/tasks/task.js';
import type { ConfigurationInput } from '../../../protocol/configuration/configuration.js';

/** The settings, with what is not said in them. */
export const withOwnSettings = (
  input: ConfigurationInput,
  { dataset, task }: { readonly dataset: Dataset | undefined; readonly task: Task | undefined },
): ConfigurationInput => ({
  ...(dataset && { dataset: dataset.name }),
  ...(task && { task: { name: 'custom' as const, metrics: factsOfMetrics(task) } }),
  ...input,
});
