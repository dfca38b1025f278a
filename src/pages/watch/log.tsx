/** Shows the coordinator's log, newest first. */
import { useState } from 'preact/hooks';
import type { LogEntry } from '../../protocol/view.js';
import { Scroll } from '../common/scroll.js';
import { timeOf } from './times.js';

const levels = {
  everything: ['info', 'warn', 'error'],
  'warnings and errors': ['warn', 'error'],
  errors: ['error'],
} as const satisfies Record<string, readonly LogEntry['level'][]>;
type Level = keyof typeof levels;

/** The most lines that are shown at once. */
const SHOWN = 200;

export function LogPanel({ entries }: { readonly entries: readonly LogEntry[] }) {
  const [level, setLevel] = useState<Level>('everything');
  const [paused, setPaused] = useState<readonly LogEntry[]>();
  const wanted: readonly string[] = levels[level];
  const all = (paused ?? entries).filter((entry) => wanted.includes(entry.level));
  const newer =
    paused === undefined
      ? 0
      : entries.filter(({ sequence }) => sequence > (paused.at(-1)?.sequence ?? -1)).length;
  return (
    <section aria-labelledby="log">
      <h2 id="log">Log</h2>
      <div class="controls">
        <label>
          Show{' '}
          <select value={level} onChange={({ currentTarget }) => setLevel(currentTarget.value as Level)}>
            {Object.keys(levels).map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <button
          type="button"
          aria-pressed={paused !== undefined}
          onClick={() => setPaused(paused === undefined ? entries : undefined)}
        >
          Pause
        </button>
        {newer > 0 && <span class="quiet">{newer} newer</span>}
      </div>
      <Scroll label="Entries of the log" tall>
        {all.length === 0 && <p class="quiet">Nothing is said.</p>}
        <ol class="log">
          {all
            .slice(-SHOWN)
            .reverse()
            .map(({ sequence, at, level, text }) => (
              <li key={sequence} class={level}>
                <time dateTime={at}>{timeOf(at)}</time>{' '}
                {level !== 'info' && <strong>{level === 'warn' ? 'warning' : 'error'}: </strong>}
                {text}
              </li>
            ))}
        </ol>
        {all.length > SHOWN && <p class="quiet">… and {all.length - SHOWN} older ones.</p>}
      </Scroll>
    </section>
  );
}
