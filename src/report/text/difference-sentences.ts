/** Says in sentences where the sites of a survey differ. The same in Node and in a page. */
import { listed } from '../../base/excerpt.js';
import type { SitesComparison } from '../../data/survey/site-comparison.js';
import type { SiteDifference, SiteRows } from '../../data/survey/site-differences.js';
import { count, wholeShare } from '../numbers.js';
import { FEW, meanText } from './survey-table.js';

/** What was asked, and what is hidden. */
export function comparisonIntroduction({ smallestCount }: Pick<SitesComparison, 'smallestCount'>): string {
  const hidden = smallestCount === 1 ? '' : ` Counts below ${smallestCount} are hidden in each answer.`;
  return `Before round 1, each participant answered a survey of its training rows by sums.${hidden}`;
}

/** `hungary: 190 of 294 rows have no slope (fewest at long-beach: ~100 of 200)` */
export function sentenceOf(difference: SiteDifference): string {
  const { column } = difference;
  switch (difference.kind) {
    case 'missing': {
      const { sites, least } = difference;
      const [first, ...others] = sites;
      const more = others.map((part) => `; ${part.site}: ${rowsText(part)}`);
      const shown = more.length > 3 ? [...more.slice(0, 2), `; and ${more.length - 2} more sites`] : more;
      return `${first?.site}: ${first && rowsText(first)} rows have no ${column}${shown.join('')} (fewest at ${least.site}: ${rowsText(least)})`;
    }
    case 'mean': {
      const { site, own, all } = difference;
      const unit = difference.unit === undefined ? '' : ` ${difference.unit}`;
      return `${site}: the mean ${column} is ${meanText(own)}${unit}, that of all is ${meanText(all)}`;
    }
    case 'lacking': {
      const { sites, isTarget, value, elsewhere } = difference;
      const what = isTarget ? `of the class "${value}"` : `with ${column} "${value}"`;
      return `${listed(sites, 5)}: no row ${what}, which ${wholeShare(elsewhere)} of the rows elsewhere have`;
    }
    case 'balance': {
      const { rows, value, elsewhere } = difference;
      return `${rows.site}: ${rowsText(rows)} rows are "${value}" (${wholeShare(rows.rows / rows.of)}), elsewhere ${wholeShare(elsewhere)}`;
    }
  }
}

const rowsText = ({ rows, of, hidden }: SiteRows) => {
  if (rows === of) return `${hidden ? 'nearly all' : 'all'} ${count(of)}`;
  const some = rows === 0 && hidden ? FEW : `${hidden ? '~' : ''}${count(rows)}`;
  return `${some} of ${count(of)}`;
};
