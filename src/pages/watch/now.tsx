/**
 * The present state of the run: a sentence, the participants that it waits for and until when, and
 * the main figures.
 */
import { useEffect, useState } from 'preact/hooks';
import { named } from '../../metrics/metric.js';
import type { Status } from '../../protocol/status.js';
import { byteSize, duration } from '../../report/numbers.js';
import { figuresBy, targetText, weightedByExamples } from '../../report/run-figures.js';
import { headline, waiting } from '../../report/text/status-lines.js';
import { wordsOf } from '../../report/words.js';
import { timeOf } from './times.js';
import type { WatchState } from './watch-state.js';

export function Now({ overview, status, traffic, rounds }: WatchState) {
  if (overview === undefined || status === undefined) return null;
  const { strategy, reference } = overview.configuration;
  const [metric] = overview.metrics;
  const { examples } = wordsOf(overview, overview.configuration);
  const { copyValidation } = figuresBy(metric);
  const evaluated = rounds.findLast(({ result }) => result.copied.length > 0)?.result;
  const copies = evaluated && weightedByExamples(evaluated, (name) => copyValidation(evaluated, name));
  const test = status.test?.[metric.name];
  const done = status.phase === 'finished' ? status.rounds : status.round - 1;
  const tiles: readonly (readonly [string, string | undefined])[] = [
    ['round', `${status.round} of ${status.rounds}`],
    ['now', status.phase],
    [`merged (${strategy}), test ${examples}`, test === undefined ? undefined : named(metric, test)],
    [`copied model, validation ${examples}`, copies === undefined ? undefined : named(metric, copies)],
    ['reference', reference === undefined ? undefined : targetText(reference, overview.metrics)],
    ['received by the hub', traffic && byteSize(traffic.received)],
    ['sent by the hub', traffic && byteSize(traffic.sent)],
  ];
  return (
    <section class="now" aria-labelledby="now">
      <h2 id="now">{capitalized(headline(status))}</h2>
      <Waiting status={status} />
      {status.warnings?.map((warning) => (
        <p key={warning} class="note alert">
          {capitalized(warning)}.
        </p>
      ))}
      <progress max={status.rounds} value={done} aria-label="Rounds done" />
      <dl class="figures">
        {tiles.map(
          ([name, value]) =>
            value !== undefined && (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ),
        )}
        {status.phase !== 'finished' && status.deadline !== undefined && (
          <Countdown deadline={status.deadline} />
        )}
      </dl>
    </section>
  );
}

function Waiting({ status }: { readonly status: Status }) {
  const now = useNow(status.deadline !== undefined);
  return waiting(status, now, timeOf).map((line) => <p key="waiting">{capitalized(line)}.</p>);
}

function Countdown({ deadline }: { readonly deadline: string }) {
  const seconds = Math.round((Date.parse(deadline) - useNow(true).getTime()) / 1000);
  return (
    <div>
      <dt>deadline</dt>
      <dd>
        <span role="timer">{seconds < 0 ? 'has passed' : `in ${countdown(seconds)}`}</span>
      </dd>
    </div>
  );
}

const countdown = (seconds: number) => (seconds < 10 ? `${seconds} s` : duration(seconds));

/**
 * @param ticks whether the time changes every second; otherwise it stays the time of the first
 *   drawing
 */
function useNow(ticks: boolean): Date {
  const [now, setNow] = useState(() => new Date());
  useEffect(() => {
    if (!ticks) return;
    const timer = setInterval(() => setNow(new Date()), 1000);
    return () => clearInterval(timer);
  }, [ticks]);
  return now;
}

const capitalized = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
