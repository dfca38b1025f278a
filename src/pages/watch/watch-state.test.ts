import { beforeAll, describe, expect, it } from 'vitest';
import { type ScriptedRun, scriptedRun } from '../../../test/pages/scripted-run.js';
import { SITES, surveyTable } from '../../../test/survey-table.js';
import { comparisonOfSites } from '../../data/survey/site-comparison.js';
import { surveySites } from '../../data/survey/site-survey.js';
import { surveyViewSchema } from '../../protocol/survey-view.js';
import type { NewsFrame } from '../../transport/hub/client/watch-hub.js';
import { announcement } from './announcement.js';
import { initialWatchState, newFrom, type WatchState, watched } from './watch-state.js';

const hear = (state: WatchState, ...frames: readonly NewsFrame[]) =>
  frames.reduce((now, frame) => watched(now, { type: 'frame', frame }), state);

describe('what the dashboard knows', () => {
  let run: ScriptedRun;
  const overview = (): NewsFrame => ({ type: 'overview', overview: run.view.overview, heartbeatMs: 1000 });
  const status = (): NewsFrame => ({ type: 'status', status: structuredClone(run.view.status()) });
  const rounds = (first = 1): NewsFrame => ({
    type: 'rounds',
    rounds: structuredClone(run.rounds().slice(first - 1)),
  });
  const log = (first = 0): NewsFrame => ({ type: 'log', entries: [...run.view.log(first)] });
  beforeAll(async () => {
    run = await scriptedRun();
    run.finishRound();
    run.finishRound();
  });

  it('begins with nothing, and asks for everything', () => {
    expect(newFrom(initialWatchState)).toEqual({ round: 1, log: 0 });
    expect(hear(initialWatchState, overview())).toMatchObject({ connection: { at: 'live' }, rounds: [] });
  });

  it('asks for what is new after a lost connection, the last round with it', () => {
    const known = hear(initialWatchState, overview(), status(), rounds(), log());
    expect(newFrom(known)).toEqual({ round: 2, log: 2 });
    const heardAt = new Date(0);
    const lost = watched(known, { type: 'trouble', reason: 'the hub is closing', heardAt });
    expect(lost).toMatchObject({ connection: { at: 'lost', reason: 'the hub is closing', heardAt } });
    expect(lost.rounds).toBe(known.rounds);
    const back = hear(lost, overview(), rounds(2), log(1));
    expect(back.connection).toEqual({ at: 'live' });
    expect(back.rounds.map(({ result }) => result.round)).toEqual([1, 2]);
    expect(back.log.map(({ sequence }) => sequence)).toEqual([0, 1]);
  });

  it('knows where the sites differ from when it is told until the run goes back before its survey', () => {
    const sites = surveySites(SITES.map((name) => ({ name, dataset: surveyTable(name) })));
    const survey = surveyViewSchema.parse(comparisonOfSites(sites));
    const known = hear(initialWatchState, overview(), status(), { type: 'survey', survey });
    expect(known.survey).toBe(survey);
    const again = hear(known, overview(), { type: 'survey', survey: structuredClone(survey) });
    expect(again.survey).toBe(survey);
    expect(hear(again, { type: 'survey' }).survey).toBeUndefined();
  });

  it('forgets a run when there is another in its place', () => {
    const known = hear(initialWatchState, overview(), status(), rounds(), log());
    const another = { ...run.view.overview, participants: ['somebody'] };
    const now = hear(known, { type: 'overview', overview: another, heartbeatMs: 1000 });
    expect(now).toEqual({ ...initialWatchState, connection: { at: 'live' }, overview: another });
  });

  it('keeps pictures of the newest round alone, and rounds in their order', () => {
    const [first, second] = run.rounds();
    const { pictures } = second!;
    const state = hear(initialWatchState, {
      type: 'rounds',
      rounds: [second!, { ...first!, pictures: pictures! }],
    });
    expect(state.rounds.map(({ result }) => result.round)).toEqual([1, 2]);
    expect(state.rounds.map((round) => round.pictures?.length)).toEqual([undefined, pictures!.length]);
  });

  it('keeps what has not changed as the same objects', () => {
    const known = hear(initialWatchState, overview(), status(), rounds());
    const changed = structuredClone(run.view.status());
    changed.participants[1] = { ...changed.participants[1]!, presence: 'gone' };
    const now = hear(known, { type: 'status', status: changed }, overview());
    const [before, after] = [known.status!, now.status!];
    expect(after.participants.map((one, k) => one === before.participants[k])).toEqual([true, false, true]);
    expect(after.waitingFor).toBe(before.waitingFor);
    expect(now.rounds).toBe(known.rounds);
    expect(now.overview).toBe(known.overview);
  });

  it('says aloud that a round begins, that the run ends and that the connection is lost, and no step', () => {
    const known = hear(initialWatchState, overview(), status(), rounds());
    run.train();
    const trained = hear(known, status());
    expect(announcement(known, trained)).toBeUndefined();
    run.finishRound();
    const next = hear(trained, status());
    const tested = `${(100 * run.view.status().test!.accuracy!).toFixed(2)}%`;
    expect(announcement(trained, next)).toBe(
      `Round 4 of 12 begins. The last merged model has ${tested} on the test images.`,
    );
    const lost = watched(next, { type: 'trouble', reason: 'gone', heardAt: undefined });
    expect(announcement(next, lost)).toBe('Connection lost, trying again.');
    expect(announcement(lost, hear(lost, overview()))).toBe('Connected again.');
    run.change({ phase: 'finished', reason: 'max-rounds', waitingFor: [] });
    expect(announcement(next, hear(next, status()))).toMatch(/^The run has finished in round 4 of 12: all/);
  });
});
