import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { some } from '../../../test/every-case.js';
import { base, served } from '../../../test/served-federation.js';
import { replayRun } from '../../experiments/replay.js';
import type { ConfigurationInput } from '../../protocol/configuration/configuration.js';
import { runFederation } from '../coordinator/run-federation.js';
import type { RunState } from './round.js';
import type { RoundEvent } from './round-events.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'commonweight-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** Of round 3. */
const moments = {
  'while it trains': (event: RoundEvent) => event.type === 'update-received',
  'while it is merged': (event: RoundEvent, { rounds }: RunState) =>
    event.type === 'update-received' && rounds.at(-1)?.closed.train !== undefined,
  'while copies are evaluated': (event: RoundEvent) => event.type === 'copy-evaluated',
} as const;

const goingBack: readonly [keyof typeof moments, number, string, Partial<ConfigurationInput>][] = [
  ['while it trains', 0, 'with SCAFFOLD', { correction: { name: 'scaffold' }, participantsPerRound: 1 }],
  [
    'while copies are evaluated',
    1,
    'with a server optimizer and an average',
    { server: { name: 'fed-adam', learningRate: 0.01 }, average: { name: 'ema', decay: 0.5 } },
  ],
  ['while it is merged', 1, 'of participants that are drawn', { participantsPerRound: 1 }],
  [
    'while it trains',
    2,
    'with a strategy that takes more than the weights',
    { strategy: 'fisher-mean', fisherExamples: 32 },
  ],
];

describe('an operator of a federation', () => {
  it.each(some(goingBack))(
    'goes back %s to round %i, %s, and the run comes to the same bytes',
    async (moment, to, _, changes) => {
      const configuration: ConfigurationInput = { ...base, ...changes, rounds: 4 };
      let done: Promise<unknown> | undefined;
      const { result, out } = await served(folder, configuration, (operator) => ({
        onEvent(event, state) {
          if (event.round === 3 && moments[moment](event, state)) done ??= operator().rollback(to);
        },
      }));
      await done;
      expect(done).toBeDefined();
      const { result: expected } = await runFederation(configuration, { workers: 1 });
      expect(result.model?.sha256).toBe(expected.model?.sha256);
      const rounds = (of: typeof result) => of.rounds.map(({ seconds: _, ...round }) => round);
      expect(rounds(result)).toEqual(rounds(expected));
      const journal = await readFile(join(out, 'journal.jsonl'), 'utf8');
      expect(journal).toMatch(new RegExp(`{"type":"rolled-back","round":[34],"to":${to},`));
    },
  );

  it('drops a participant, goes back to before it, and a replay comes to the same', async () => {
    const acts: Promise<unknown>[] = [];
    const refused: string[] = [];
    const configuration = { ...base, rounds: 3, keep: 2 };
    const { result, outcomes, out } = await served(folder, configuration, (operator) => ({
      onEvent(event) {
        if (event.type !== 'copy-evaluated' || event.round !== 2 || acts.length > 0) return;
        const refusing = (act: Promise<unknown>) =>
          act.catch((error: Error) => void refused.push(error.message));
        acts.push(
          operator()
            .drop('environment-2')
            .then((rounds) => expect(rounds).toEqual([1, 2])),
          operator().rollback(1),
          refusing(operator().drop('environment-9')),
          refusing(operator().rollback(2)),
        );
      },
    }));
    await Promise.all(acts);
    expect(refused).toEqual([
      expect.stringContaining('"environment-9" is not dropped: the run has no such participant'),
      expect.stringContaining('the run does not go back: it is in round 2, and is to go back to 2'),
    ]);
    expect(outcomes.map((outcome) => (outcome instanceof Error ? outcome.message : outcome.type))).toEqual([
      'finished',
      'federation: "environment-2" was dropped from this run by its operator',
    ]);
    expect(result.rounds.map(({ participants }) => participants.length)).toEqual([2, 1, 1]);
    const replayed = await replayRun(out, { workers: 1 });
    expect(replayed.differences).toEqual([]);
    expect(replayed.result.model?.sha256).toBe(result.model?.sha256);
  });

  it('is told which rounds the run can go back to', async () => {
    let done: Promise<unknown> | undefined;
    await served(folder, { ...base, rounds: 5, keep: 2 }, (operator) => ({
      onEvent(event) {
        if (event.type !== 'copy-evaluated' || event.round !== 4) return;
        done ??= operator().rollback(1);
        done.catch(() => undefined);
      },
    }));
    await expect(done).rejects.toThrow(
      'the model of round 1 is not kept any more, or is damaged; it can go back to 0',
    );
  });
});
