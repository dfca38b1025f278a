/**
 * The section of test examples for which the merge decided: wrong before it and right after it, and
 * the reverse.
 */

import type { RecordedRun } from '../../federation/record/read-run.js';
import type { Decided } from '../../metrics/before-and-after.js';
import { type Html, html } from '../html.js';
import { count } from '../numbers.js';
import { classNamesOf, hasTestExamples, lastDetails, wordsOfRun } from '../run-figures.js';
import type { TestPictures } from './test-pictures.js';

/** More participants than these are counted, not named. */
const MOST_NAMES = 4;

/** @param pictures the test images, or why there are none */
export function picturesSection(run: RecordedRun, pictures: TestPictures | string): Html {
  const details = lastDetails(run);
  const { examples } = wordsOfRun(run);
  const title = `The ${examples} for which the merge decided`;
  const decided = details?.test?.decided;
  const problem = hasTestExamples(run)
    ? decided === undefined
      ? 'Not recorded: the run was made by an earlier version.'
      : typeof pictures === 'string'
        ? `The ${examples} cannot be shown: ${pictures}.`
        : undefined
    : `The coordinator holds no test ${examples}, and those of the participants are never shown.`;
  if (problem !== undefined || decided === undefined || details === undefined) {
    return html`<section>
<h2>${title}</h2>
<p class="note">${problem}</p>
</section>`;
  }
  const list = (title: string, decided: readonly Decided[]) => html`<h3>${title}</h3>
${
  decided.length === 0
    ? html`<p>There is none.</p>`
    : html`<ul class="pictures">${decided.map((one) => item(run, details.participants, one, pictures))}</ul>`
}`;
  const known = decided.kept.map((kept, models) => kept + (decided.missed[models] ?? 0));
  return html`<section>
<h2>${title}</h2>
<p>Round ${details.round}, from the coordinator’s own test ${examples}. No own model knows ${count(known[0] ?? 0)} of them, of which the merged model knows ${count(decided.kept[0] ?? 0)}; every own model knows ${count(known.at(-1) ?? 0)}, of which the merged model misses ${count(decided.missed.at(-1) ?? 0)}.</p>
${list('Wrong before the merge, right after it', decided.gained)}
${list('Right before the merge, wrong after it', decided.lost)}
</section>`;
}

function item(
  run: RecordedRun,
  participants: readonly string[],
  { index, label, own, merged }: Decided,
  pictures: TestPictures | string,
): Html {
  const names = classNamesOf(run);
  const nameOf = (one: number) => names[one] ?? String(one);
  const source = typeof pictures === 'string' ? undefined : pictures.get(index);
  const picture = source && html`<img src="${source}" alt="Test image ${index}: ${nameOf(label)}">`;
  const verdict = (one: number) =>
    one === label
      ? html`<span class="right">✓ ${nameOf(one)}</span>`
      : html`<span class="wrong">✗ ${nameOf(one)}</span>`;
  const right = own.filter((one) => one === label).length;
  return html`<li>${picture}<strong>${source === undefined ? `${wordsOfRun(run).example} ${index}: ` : ''}${nameOf(label)}</strong>
${
  own.length <= MOST_NAMES
    ? own.map((one, k) => html`<br>${participants[k]}: ${verdict(one)}`)
    : html`<br>${right} of ${own.length} own models right`
}
<br>merged: ${verdict(merged)}</li>
`;
}
