/**
 * Adds to the settings what a program passes beside them: the name of its data set and of its own
 * task.
 */
import type { Dataset } from '../../../data/dataset.js';
import { factsOfMetrics } from '../../../engine/nn/tasks/evaluation-sums.js';
import type { Task } from '../../../engine/nn/tasks/task.js';
import type { ConfigurationInput } from '../../../protocol/configuration/configuration.js';

/** The settings, completed. */
export const withOwnSettings = (
  input: ConfigurationInput,
  { dataset, task }: { readonly dataset: Dataset | undefined; readonly task: Task | undefined },
): ConfigurationInput => ({
  ...(dataset && { dataset: dataset.name }),
  ...(task && {
    task: {
      ...{ name: 'custom' as const, metrics: factsOfMetrics(task) },
      ...(task.unit !== 'example' && { unit: task.unit }),
    },
  }),
  ...input,
});
