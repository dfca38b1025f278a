/**
 * Shows confusion before and after the merge, on the coordinator's test examples, for any measured
 * round and model.
 */
import { useMemo, useState } from 'preact/hooks';
import type { RoundDetails } from '../../protocol/round-details.js';
import type { Overview, RoundView } from '../../protocol/view.js';
import { wordsOf } from '../../report/words.js';
import { classesFigure, confusionFigure, modelsOf } from './figures/confusion-figures.js';
import { Figure } from './figures/figure.js';

export interface ConfusionProps {
  readonly overview: Overview;
  readonly rounds: readonly RoundView[];
}

export function ConfusionPanel({ overview, rounds }: ConfusionProps) {
  const measured = useMemo(
    () => rounds.flatMap(({ details }) => (details?.test === undefined ? [] : [details])),
    [rounds],
  );
  return (
    <section class="broad" aria-labelledby="confusion">
      <h2 id="confusion">Before and after the merge</h2>
      {measured.length === 0 ? (
        <p class="quiet">{whyNothing(overview, rounds)}</p>
      ) : (
        <Measured overview={overview} measured={measured} />
      )}
    </section>
  );
}

function whyNothing(overview: Overview, rounds: readonly RoundView[]): string {
  if (!overview.testExamples)
    return `The coordinator holds no test ${wordsOf(overview, overview.configuration).examples}, so it is not known which class its models mistake for which.`;
  return rounds.some(({ result }) => result.copied.length > 0)
    ? 'The measurements are not kept, so it is not known which class the models mistake for which.'
    : 'Nothing is merged yet.';
}

interface MeasuredProps {
  readonly overview: Overview;
  readonly measured: readonly RoundDetails[];
}

function Measured({ overview, measured }: MeasuredProps) {
  const [round, setRound] = useState<number>();
  const [model, setModel] = useState<string>();
  const newest = measured.at(-1);
  // If the chosen round is no longer there, the newest is shown.
  const details = measured.find((one) => one.round === round) ?? newest;
  const figures = useMemo(() => {
    if (details === undefined) return undefined;
    const models = modelsOf(details);
    const shown = models.find(({ name }) => name === model) ?? models[0];
    return {
      ...{ models, shown },
      matrix: shown && confusionFigure(overview, shown, details.round),
      classes: classesFigure(overview, details),
    };
  }, [overview, details, model]);
  if (figures === undefined) return null;
  const { models, shown, matrix, classes } = figures;
  return (
    <>
      <div class="controls">
        <label>
          Model{' '}
          <select value={shown?.name} onChange={({ currentTarget }) => setModel(currentTarget.value)}>
            {models.map(({ name }) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <label>
          Round{' '}
          <select
            value={round === undefined ? '' : String(details?.round)}
            onChange={({ currentTarget: { value } }) => setRound(value === '' ? undefined : Number(value))}
          >
            <option value="">the newest ({newest?.round})</option>
            {measured.toReversed().map((one) => (
              <option key={one.round} value={String(one.round)}>
                {one.round}
              </option>
            ))}
          </select>
        </label>
      </div>
      <div class="charts">
        {matrix !== undefined && <Figure figure={matrix} />}
        <Figure figure={classes} />
      </div>
    </>
  );
}
