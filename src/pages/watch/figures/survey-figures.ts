/** Makes the figures of where the sites of a survey differ. */
import type { SitesComparison } from '../../../data/survey/site-comparison.js';
import { surveyMaps } from '../../../report/charts/survey-maps.js';
import type { FigureData } from './figure-data.js';

export const surveyFigures = (survey: SitesComparison): FigureData[] =>
  surveyMaps(survey).map((options) => ({
    title: options.title,
    caption: options.caption,
    chart: { kind: 'heat', options },
    numbers: {
      corner: 'site',
      columns: options.columns,
      rows: options.rows.map((name, site) => ({ name, values: options.values[site] ?? [] })),
    },
    format: options.format,
  }));
