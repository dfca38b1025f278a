/** Writes the summary of a run as Markdown: its findings in words, and its figures. */
import type { SitesSurvey } from '../../data/survey/site-survey.js';
import type { RecordedRun } from '../../federation/record/read-run.js';
import { titleOf } from '../../metrics/metric.js';
import { roundsMatrix } from '../charts/rounds-matrix.js';
import { markdownTable, markdownText } from '../markdown.js';
import { count, percent, plural } from '../numbers.js';
import { classAccuracies, classNamesOf, lastDetails, wordsOfRun } from '../run-figures.js';
import { runTitle } from '../run-title.js';
import { findings } from '../text/findings.js';
import { differenceSentences } from '../text/survey-report.js';

export function runMarkdown(run: RecordedRun): string {
  const { head, rows, omitted } = roundsMatrix(run);
  return [
    `# ${markdownText(runTitle(run.configuration))}`,
    findings(run)
      .map(({ text }) => `- ${markdownText(text)}`)
      .join('\n'),
    `## ${titleOf(run.result.metrics[0])} by round`,
    markdownTable(head, rows),
    ...(omitted === 0 ? [] : [`${plural(omitted, 'round')} between them left out; metrics.csv has all.`]),
    ...(run.survey ? sites(run.survey) : []),
    ...(run.hasClasses ? [...labels(run), ...classes(run)] : []),
  ]
    .join('\n\n')
    .concat('\n');
}

function sites(survey: SitesSurvey): string[] {
  const sentences = differenceSentences(survey).map((text) => `- ${markdownText(text)}`);
  return ['## Where the sites differ', sentences.join('\n') || 'No large differences.'];
}

function labels({ labelCounts }: RecordedRun): string[] {
  if (labelCounts === undefined) return ['## Who holds what', 'Label counts are not shared.'];
  return [
    '## Who holds what',
    markdownTable(
      ['participant', ...labelCounts.categories],
      labelCounts.participants.map(({ name, counts }) => [name, ...counts.map(count)]),
    ),
  ];
}

function classes(run: RecordedRun): string[] {
  const details = lastDetails(run);
  if (details?.test === undefined) return [];
  const { own, merged } = details.test.confusion;
  const models = [
    ...details.participants.flatMap((name) => {
      const confusion = own[name];
      return confusion === undefined
        ? []
        : [{ name: `${name}, own`, accuracies: classAccuracies(confusion) }];
    }),
    ...Object.entries(merged).map(([name, confusion]) => ({
      name: `merged (${name})`,
      accuracies: classAccuracies(confusion),
    })),
  ];
  return [
    `## Accuracy of each class on the test ${wordsOfRun(run).examples}, round ${details.round}`,
    markdownTable(
      ['class', ...models.map(({ name }) => name)],
      classNamesOf(run).map((className, label) => [
        className,
        ...models.map(({ accuracies }) => {
          const accuracy = accuracies[label];
          return accuracy === undefined ? '–' : percent(accuracy);
        }),
      ]),
    ),
  ];
}
