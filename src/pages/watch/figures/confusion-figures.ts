/**
 * Makes the figures of confusion on the coordinator's test examples, and of each class's accuracy
 * before and after the merge.
 */

import type { RoundDetails } from '../../../protocol/round-details.js';
import type { Overview } from '../../../protocol/view.js';
import { type Confusion, commonestMistakes, confusionMap, sumOf } from '../../../report/charts/confusion.js';
import { count, percent, wholePercent } from '../../../report/numbers.js';
import { classAccuracies } from '../../../report/run-figures.js';
import { wordsOf } from '../../../report/words.js';
import type { FigureData } from './figure-data.js';

export interface NamedConfusion {
  readonly name: string;
  readonly confusion: Confusion;
}

/** If there are more own models than these, they are shown together. */
const MOST_MODELS = 3;
/** A matrix of more classes than these is not readable; its most common mistakes are listed. */
const MOST_CLASSES = 30;
const MOST_MISTAKES = 20;

/** The models with a confusion: merged ones first, the copied one before all. */
export function modelsOf({ participants, test }: RoundDetails): NamedConfusion[] {
  const { own = {}, merged = {} } = test?.confusion ?? {};
  const owns = participants.flatMap((name) => {
    const confusion = own[name];
    return confusion === undefined ? [] : [{ name: `${name}, own model`, confusion }];
  });
  const together: NamedConfusion[] =
    owns.length > MOST_MODELS
      ? [
          {
            name: `all ${owns.length} own models together`,
            confusion: sumOf(owns.map(({ confusion }) => confusion)),
          },
        ]
      : [];
  return [
    ...Object.entries(merged).map(([name, confusion]) => ({ name: `merged (${name})`, confusion })),
    ...together,
    ...owns,
  ];
}

export function confusionFigure(
  overview: Overview,
  { name, confusion }: NamedConfusion,
  round: number,
): FigureData {
  const { categories: classNames = [] } = overview;
  const title = `Round ${round}: ${name}`;
  const options = confusionMap(title, classNames, confusion);
  const matrix = {
    corner: 'class',
    columns: classNames,
    rows: classNames.map((className, label) => ({ name: className, values: confusion[label] ?? [] })),
  };
  if (classNames.length <= MOST_CLASSES) {
    return {
      title,
      caption: options.caption,
      chart: { kind: 'heat', options },
      numbers: matrix,
      format: count,
    };
  }
  const nameOf = (label: number) => classNames[label] ?? String(label);
  return {
    title,
    caption: 'the commonest mistakes: so many of a class are taken for another',
    numbers: {
      corner: 'class and what it is taken for',
      columns: [wordsOf(overview, overview.configuration).examples],
      rows: commonestMistakes(confusion, MOST_MISTAKES).map(({ label, taken, examples }) => ({
        name: `${nameOf(label)} → ${nameOf(taken)}`,
        values: [examples],
      })),
    },
    format: count,
    all: matrix,
  };
}

export function classesFigure({ categories: classNames = [] }: Overview, details: RoundDetails): FigureData {
  const models = modelsOf(details);
  const merged = models.filter(({ name }) => name.startsWith('merged ('));
  const [together] = models.slice(merged.length);
  const own =
    details.participants.length > MOST_MODELS && together ? [together] : models.slice(merged.length);
  const shown = [...own, ...merged.slice(0, 1)].map(({ name, confusion }) => ({
    name,
    values: classAccuracies(confusion),
  }));
  const columnsOf = (series: typeof shown) => ({
    corner: 'class',
    columns: series.map(({ name }) => name),
    rows: classNames.map((name, label) => ({ name, values: series.map(({ values }) => values[label]) })),
  });
  const title = `Round ${details.round}: accuracy of each class`;
  return {
    title,
    caption: 'own models before the merge, and the merged model after it',
    chart:
      classNames.length <= MOST_CLASSES
        ? { kind: 'bar', options: { title, names: classNames, format: wholePercent, series: shown } }
        : undefined,
    numbers: columnsOf(shown),
    format: percent,
    all: columnsOf(models.map(({ name, confusion }) => ({ name, values: classAccuracies(confusion) }))),
  };
}
