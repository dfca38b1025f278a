/**
 * The paper's results, to show beside those of a run: Table 1, two environments in V, four rounds,
 * in per cent. Digits that are illegible in the copies we know are "?".
 * @see Lee 2021, "Unification of Deep Learning Model trained by Parallel Learning in Security
 *   environment", https://doi.org/10.9708/jksci.2021.26.12.069
 */

export interface PaperRow {
  /** Validation accuracy of each environment's own model. */
  readonly own: readonly string[];
  /** Test accuracy of the merged model, by strategy. */
  readonly merged: Readonly<Record<string, string>>;
}

const row = (own: readonly string[], mean: string, max: string, absmax: string): PaperRow => ({
  own,
  merged: { mean, max, absmax },
});

/** By round, from 1. */
export const paperTable: readonly PaperRow[] = [
  row(['91.41', '91.51'], '76.13', '18.28', '71.10'),
  row(['92.43', '92.13'], '93.00', '85.32', '91.53'),
  row(['92.46', '91.96'], '93.44', '58.03', '92.50'),
  row(['93.?6', '92.?3'], '9?.?3', '89.?0', '93.?2'),
];
