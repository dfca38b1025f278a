/**
 * Where the sites of a survey differ, the most striking first: values that are missing at some
 * sites, means far from that of all, categories that a site lacks, and targets that are much more
 * or less frequent at a site than elsewhere.
 */
import type { CategoryFigures, NumberFigures, VariableFigures } from './figures.js';
import type { SitesSurvey } from './site-survey.js';
import { missingCell } from './variables.js';

/** So many rows of a site, out of those that it has. */
export interface SiteRows {
  readonly site: string;
  readonly rows: number;
  readonly of: number;
  /** Whether the count is off by a few, since small counts are hidden. */
  readonly hidden: boolean;
}

export interface Moments {
  readonly mean: number;
  readonly deviation: number;
}

export type SiteDifference =
  | {
      readonly kind: 'missing';
      readonly column: string;
      /** The most missing first. */
      readonly sites: readonly SiteRows[];
      /** The site with the smallest part missing. */
      readonly least: SiteRows;
    }
  | {
      readonly kind: 'mean';
      readonly column: string;
      readonly site: string;
      readonly unit?: string | undefined;
      readonly own: Moments;
      /** Of the rows of all sites. */
      readonly all: Moments;
    }
  | {
      readonly kind: 'lacking';
      readonly column: string;
      readonly isTarget: boolean;
      readonly value: string;
      readonly sites: readonly string[];
      /** The part of the rows elsewhere that have it. */
      readonly elsewhere: number;
    }
  | {
      readonly kind: 'balance';
      readonly column: string;
      readonly value: string;
      readonly rows: SiteRows;
      readonly elsewhere: number;
    };

/** A part of the rows that is larger or smaller by so much is a difference. */
const DIFFERENT_SHARE = 0.2;
/** A site that is expected to have fewer rows of a category lacks it by chance. */
const EXPECTED_ROWS = 1;

/** How striking it is: about 0 to 2. */
interface Ranked {
  readonly difference: SiteDifference;
  readonly size: number;
}

/** The figures of one variable at one site. */
interface AtSite<Figures extends VariableFigures = VariableFigures> {
  readonly site: string;
  readonly figures: Figures;
}

export function siteDifferences({ total, sites }: SitesSurvey): readonly SiteDifference[] {
  if (sites.length < 2) return [];
  const ranked = total.variables.flatMap((ofAll, i): Ranked[] => {
    const own = sites
      .map(({ name, variables }) => ({ site: name, figures: variables[i] as VariableFigures }))
      .filter(({ figures }) => figures.rows > 0);
    if (ofAll.variable.kind === 'number') {
      return [...missingAt(own), ...meansOf(own as AtSite<NumberFigures>[], ofAll as NumberFigures)];
    }
    const categories = own as AtSite<CategoryFigures>[];
    const isTarget = ofAll.variable.source.of === 'targets';
    return [
      ...missingAt(own),
      ...lackingAt(categories, ofAll as CategoryFigures, isTarget),
      ...(isTarget ? balanceOf(categories, ofAll as CategoryFigures) : []),
    ];
  });
  // Equal ones stay in the order of columns and sites.
  return ranked.sort((a, b) => b.size - a.size).map(({ difference }) => difference);
}

function missingAt(own: readonly AtSite[]): Ranked[] {
  const parts = own.map(({ site, figures }): SiteRows => {
    const hidden = figures.hidden[missingCell(figures.variable)] !== 0;
    return { site, rows: figures.missing, of: figures.rows, hidden };
  });
  // Of two sites without missing rows, one that hides none is the last.
  const sorted = parts.sort((a, b) => share(b) - share(a) || Number(b.hidden) - Number(a.hidden));
  const [most, least] = [sorted[0], sorted.at(-1)];
  if (most === undefined || least === undefined) return [];
  const sites = sorted.filter((part) => share(part) - share(least) >= DIFFERENT_SHARE);
  if (sites.length === 0) return [];
  const column = (own[0] as AtSite).figures.variable.name;
  // A site without a single value has more to explain than one with few.
  const isWhole = most.rows === most.of ? 0.5 : 0;
  return [
    { difference: { kind: 'missing', column, sites, least }, size: share(most) - share(least) + isWhole },
  ];
}

const share = ({ rows, of }: SiteRows) => rows / of;

/** Those that lie more than one deviation from the mean of all. */
function meansOf(own: readonly AtSite<NumberFigures>[], total: NumberFigures): Ranked[] {
  const { mean, deviation } = total;
  if (mean === undefined || deviation === undefined || deviation === 0) return [];
  const { name: column, unit } = total.variable;
  return own.flatMap(({ site, figures }): Ranked[] => {
    if (figures.mean === undefined || figures.deviation === undefined) return [];
    const away = Math.abs(figures.mean - mean) / deviation;
    if (away <= 1) return [];
    const moments = { own: { mean: figures.mean, deviation: figures.deviation }, all: { mean, deviation } };
    const difference = {
      kind: 'mean',
      column,
      site,
      ...(unit !== undefined && { unit }),
      ...moments,
    } as const;
    return [{ difference, size: Math.min(1.5, away / 2) }];
  });
}

const valued = ({ rows, missing }: CategoryFigures) => rows - missing;

function lackingAt(
  own: readonly AtSite<CategoryFigures>[],
  total: CategoryFigures,
  isTarget: boolean,
): Ranked[] {
  const { name: column, names } = total.variable;
  return names.flatMap((value, at): Ranked[] => {
    const count = total.counts[at] as number;
    if (count === 0) return [];
    const lacks = ({ figures }: AtSite<CategoryFigures>) =>
      valued(figures) > 0 && figures.counts[at] === 0 && figures.hidden[at] === 0;
    const lacking = own.filter(lacks);
    const rowsThere = lacking.reduce((sum, { figures }) => sum + valued(figures), 0);
    const elsewhere = count / (valued(total) - rowsThere);
    const missed = lacking.filter(({ figures }) => elsewhere * valued(figures) >= EXPECTED_ROWS);
    if (missed.length === 0) return [];
    const expected = Math.max(...missed.map(({ figures }) => elsewhere * valued(figures)));
    const sites = missed.map(({ site }) => site);
    const difference: SiteDifference = { kind: 'lacking', column, isTarget, value, sites, elsewhere };
    return [{ difference, size: isTarget ? 1 + elsewhere : (elsewhere * expected) / (expected + 5) }];
  });
}

/** The target of each site whose part differs most from that elsewhere, unless it has none. */
function balanceOf(own: readonly AtSite<CategoryFigures>[], total: CategoryFigures): Ranked[] {
  const { name: column, names } = total.variable;
  return own.flatMap(({ site, figures }) => {
    const of = valued(figures);
    const others = valued(total) - of;
    if (of === 0 || others === 0) return [];
    const ranked = names.map((value, at): Ranked => {
      const rows = figures.counts[at] as number;
      const elsewhere = ((total.counts[at] as number) - rows) / others;
      const ofSite = { site, rows, of, hidden: figures.hidden[at] !== 0 };
      const size = Math.abs(rows / of - elsewhere);
      return { difference: { kind: 'balance', column, value, rows: ofSite, elsewhere }, size };
    });
    // Of two that differ alike the last, which is the positive one.
    const most = ranked.reduce((a, b) => (b.size >= a.size - 1e-9 ? b : a));
    const isThere = most.difference.kind === 'balance' && most.difference.rows.rows > 0;
    return isThere && most.size >= DIFFERENT_SHARE ? [most] : [];
  });
}
