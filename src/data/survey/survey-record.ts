/** A survey as a record for other programs, with every figure under its name. */
import { quantileOf, type SurveyFigures, type VariableFigures } from './figures.js';
import type { SitesSurvey } from './site-survey.js';
import { missingCell } from './variables.js';

/** @param isTotal whether only the figures of all sites together are in it */
export function surveyRecord({ smallestCount, total, sites }: SitesSurvey, isTotal: boolean) {
  const own = Object.fromEntries(sites.map(({ name, ...figures }) => [name, figuresRecord(figures)]));
  return { smallestCount, total: figuresRecord(total), ...(!isTotal && { sites: own }) };
}

function figuresRecord({ rows, variables }: SurveyFigures) {
  const all = (role: 'inputs' | 'targets') =>
    Object.fromEntries(
      variables
        .filter(({ variable }) => variable.source.of === role)
        .map((figures) => [figures.variable.name, variableRecord(figures)]),
    );
  return { rows, inputs: all('inputs'), targets: all('targets') };
}

/** A hidden count is off by a few rows; `hiddenBy` says at how many sites it is. */
function variableRecord(figures: VariableFigures) {
  const { rows, missing, hidden } = figures;
  const counted = (count: number, cell: number) => ({ rows: count, hiddenBy: hidden[cell] ?? 0 });
  const common = { rows, missing: counted(missing, missingCell(figures.variable)) };
  if (!('mean' in figures)) {
    const { names } = figures.variable;
    return {
      ...{ kind: 'category', ...common },
      categories: Object.fromEntries(
        names.map((name, at) => [name, counted(figures.counts[at] as number, at)]),
      ),
      other: counted(figures.other, names.length),
    };
  }
  const { variable, mean, deviation, below, above, counts } = figures;
  const quantile = (part: number) => quantileOf(figures, part)?.value;
  return {
    ...{ kind: 'number', unit: variable.unit, ...common, mean, deviation },
    quantiles: { '0.25': quantile(0.25), '0.5': quantile(0.5), '0.75': quantile(0.75) },
    // The bins of a declared range; there are hundreds of others.
    ...(variable.declared && { histogram: { edges: variable.edges, below, counts, above } }),
  };
}
