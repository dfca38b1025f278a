/** The news for an observer: frames with everything that has changed since the last ones. */
import type { ObservedFrame } from '../../../../protocol/view.js';
import type { ObservedRound, RunView } from '../../../run-view.js';
import type { HubMetrics } from '../guard/metrics.js';

/** What was sent to an observer last. */
export interface Sent {
  readonly fromRound: number;
  readonly rounds: Map<number, ObservedRound>;
  status: string;
  labels: object | undefined;
  survey: object | undefined;
  /** The number of the next log entry. */
  log: number;
}

/** @param log the number of the first log entry to send */
export const sentNothing = (fromRound: number, log: number): Sent => ({
  ...{ fromRound, rounds: new Map(), status: '', labels: undefined, survey: undefined, log },
});

/** The size of a frame with rounds: 2 MB a second while an observer catches up. */
export const FRAME_BYTES = 2 ** 19;
const MOST_ENTRIES = 200;

/** The parts of a look that are the same for all observers, made when the first needs them. */
export interface Look {
  readonly view: RunView;
  status(): string;
  readonly rounds: readonly ObservedRound[];
  textOf(round: ObservedRound): string;
}

export function lookAt(view: RunView, metrics: HubMetrics): Look {
  let status: string | undefined;
  const texts = new Map<ObservedRound, string>();
  return {
    view,
    status() {
      status ??= JSON.stringify(statusFrame(view, metrics));
      return status;
    },
    rounds: view.rounds(),
    textOf(round) {
      const text = texts.get(round) ?? JSON.stringify(round.read());
      texts.set(round, text);
      return text;
    },
  };
}

function statusFrame(view: RunView, metrics: HubMetrics): ObservedFrame {
  const traffic = view.traffic ?? metrics.traffic();
  const travelled = traffic.received + traffic.sent > 0;
  return { type: 'status', status: view.status(), ...(travelled && { traffic }) };
}

/** The frames, as JSON. A frame counts as sent when it is read from here. */
export function* news({ view, status, rounds, textOf }: Look, sent: Sent): Generator<string> {
  if (status() !== sent.status) {
    sent.status = status();
    yield sent.status;
  }
  const counts = view.labelCounts();
  if (counts !== sent.labels) {
    sent.labels = counts;
    yield JSON.stringify({ type: 'labels', counts } satisfies ObservedFrame);
  }
  const survey = view.survey();
  if (survey !== sent.survey) {
    sent.survey = survey;
    yield JSON.stringify({ type: 'survey', ...(survey && { survey }) });
  }
  const entries = view.log(sent.log).slice(0, MOST_ENTRIES);
  const last = entries.at(-1);
  if (last !== undefined) {
    sent.log = last.sequence + 1;
    yield JSON.stringify({ type: 'log', entries } satisfies ObservedFrame);
  }
  const texts: string[] = [];
  let bytes = 0;
  for (const one of rounds) {
    if (one.round < sent.fromRound || sent.rounds.get(one.round) === one) continue;
    if (bytes >= FRAME_BYTES) break;
    const text = textOf(one);
    bytes += text.length;
    texts.push(text);
    sent.rounds.set(one.round, one);
  }
  if (texts.length > 0) yield `{"type":"rounds","rounds":[${texts.join(',')}]}`;
}
