/** Says which figures a run does not have, and why, where the examples do not define them. */
import type { RecordedRun } from '../../federation/record/read-run.js';
import { reasonUndefined } from '../../metrics/known-metrics.js';
import { type Figures, labelOf } from '../../metrics/metric.js';
import { mergedRounds, wordsOfRun } from '../run-figures.js';

/** Of the last round: "No AUROC of hungary: its validation examples are of one class only." */
export function undefinedFigures(run: RecordedRun): string[] {
  const last = mergedRounds(run).findLast(({ copied }) => copied.length > 0);
  if (last === undefined) return [];
  const { examples } = wordsOfRun(run);
  const [merged] = Object.values(last.merged);
  const isLackingTogether = (name: string) =>
    last.together?.[name] !== undefined && last.together[name].figure === undefined;
  return run.result.metrics.flatMap((metric) => {
    const reason = reasonUndefined(metric);
    if (reason === undefined) return [];
    const lacking = last.copied.flatMap(({ name, validation }) =>
      lacks(validation, metric.name) ? [name] : [],
    );
    const shown = lacking.length > 5 ? [...lacking.slice(0, 4), `${lacking.length - 4} others`] : lacking;
    return [
      ...(lacking.length === 0
        ? []
        : [`No ${labelOf(metric)} of ${shown.join(', ')}: the validation ${examples} there ${reason}.`]),
      ...(isLackingTogether(metric.name)
        ? [
            `No ${labelOf(metric)} of those who share their sums together: their validation ${examples} ${reason}.`,
          ]
        : []),
      ...(merged !== undefined && lacks(merged.test, metric.name)
        ? [`No ${labelOf(metric)} on the coordinator’s test ${examples}: they ${reason}.`]
        : []),
    ];
  });
}

/** Whether something was measured, but not this. */
const lacks = (figures: Figures, name: string) =>
  Object.keys(figures).length > 1 && figures[name] === undefined;
