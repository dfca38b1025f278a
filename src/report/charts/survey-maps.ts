/**
 * The options of the pictures of where sites differ: missing values, means, and classes. The same
 * in Node and in a page.
 */
import type { SitesComparison, SiteValues } from '../../data/survey/site-comparison.js';
import { wholeShare } from '../numbers.js';
import type { HeatMapOptions } from './heat-map.js';

/** With more sites than these, a row is lower and has no numbers. */
const TALL_ROWS = 30;
const MOST_PIXELS = 640;

/** Those of which there is anything to compare. */
export function surveyMaps({ sites, missing, means, targets }: SitesComparison): HeatMapOptions[] {
  const map = (
    columns: readonly SiteValues[],
    options: Pick<HeatMapOptions, 'title' | 'caption' | 'format' | 'shade'>,
  ): HeatMapOptions[] =>
    columns.length === 0
      ? []
      : [
          {
            ...options,
            rows: sites,
            columns: columns.map(({ name }) => name),
            values: sites.map((_, site) => columns.map(({ values }) => values[site] ?? undefined)),
            ...(sites.length > TALL_ROWS && {
              rowHeight: Math.max(3, Math.floor(MOST_PIXELS / sites.length)),
            }),
          },
        ];
  return [
    ...map(missing, {
      title: 'Missing values',
      caption: 'the part of a site’s rows',
      format: wholeShare,
      shade: (part) => part,
    }),
    ...map(means, {
      title: 'Means',
      caption:
        'how far a site’s mean lies from that of all rows, in standard deviations of all; a site without a value has none',
      format: (value) => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(1)}`,
      shade: (value) => value / 2,
    }),
    ...map(targets, {
      title: 'Classes',
      caption: 'the part of a site’s rows',
      format: wholeShare,
      shade: (part) => part,
    }),
  ];
}
