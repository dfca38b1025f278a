/** Shows where the sites of a run of tables differ, in sentences and in pictures. */
import { useMemo } from 'preact/hooks';
import type { SitesComparison } from '../../data/survey/site-comparison.js';
import { comparisonIntroduction, sentenceOf } from '../../report/text/difference-sentences.js';
import { Figure } from './figures/figure.js';
import { surveyFigures } from './figures/survey-figures.js';

export function SurveyPanel({ survey }: { readonly survey: SitesComparison }) {
  const figures = useMemo(() => surveyFigures(survey), [survey]);
  const sentences = survey.differences.map(sentenceOf);
  if (survey.sites.length < 2) return null;
  return (
    <section class="broad" aria-labelledby="survey">
      <h2 id="survey">Where the sites differ</h2>
      <p class="quiet">{comparisonIntroduction(survey)}</p>
      {sentences.length === 0 ? (
        <p>No large differences.</p>
      ) : (
        <ul class="sentences">
          {sentences.map((text) => (
            <li key={text}>{text}</li>
          ))}
        </ul>
      )}
      <div class="charts">
        {figures.map((figure) => (
          <Figure key={figure.title} figure={figure} />
        ))}
      </div>
    </section>
  );
}
