/**
 * Makes the figure of how many examples of each class the participants hold, for those that share
 * it.
 */
import type { LabelCountsView, Overview } from '../../../protocol/view.js';
import { count } from '../../../report/numbers.js';
import type { FigureData } from './figure-data.js';

/** With more rows than these, a row is lower and has no numbers. */
const TALL_ROWS = 30;
const MOST_PIXELS = 640;

export function labelsFigure(
  { categories: classNames = [], participants }: Overview,
  counts: LabelCountsView,
): FigureData {
  const holders = participants.flatMap((name) => {
    const classes = counts[name];
    return classes === undefined ? [] : [{ name, classes }];
  });
  const largest = holders.reduce((most, { classes }) => Math.max(most, ...classes), 1);
  const rowHeight =
    holders.length > TALL_ROWS ? Math.max(3, Math.floor(MOST_PIXELS / holders.length)) : undefined;
  const title = 'Examples by class';
  const caption =
    holders.length === participants.length
      ? 'an empty cell is a class that the participant never sees'
      : `of ${holders.length} of ${participants.length} participants, who share it; an empty cell is a class that the participant never sees`;
  return {
    title,
    caption,
    chart: {
      kind: 'heat',
      options: {
        title,
        rows: holders.map(({ name }) => name),
        columns: classNames,
        values: holders.map(({ classes }) =>
          classes.map((examples) => (examples === 0 ? undefined : examples)),
        ),
        format: count,
        shade: (examples) => examples / largest,
        rowHeight,
      },
    },
    numbers: {
      corner: 'participant',
      columns: classNames,
      rows: holders.map(({ name, classes }) => ({ name, values: classes })),
    },
    format: count,
  };
}
