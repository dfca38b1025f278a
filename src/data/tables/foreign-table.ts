/**
 * Recognizes, by its first bytes, a file that holds a table but is no text, such as Excel's, and
 * says how to save it as CSV.
 */
import { DataError } from '../error.js';

interface Rule {
  /** One letter for each byte. */
  readonly begins: readonly string[];
  /** With its article. */
  readonly name: string;
  /** The next step to take. */
  readonly hint: string;
}

const saveAs = 'open it, and choose File, Save As, "CSV UTF-8"';
const inPython = (reader: string) =>
  `save it as CSV, in Python: pandas.${reader}(FILE).to_csv("table.csv", index=False)`;

/** Small letters and capitals are the same here. */
const rules: readonly Rule[] = [
  {
    begins: ['PK\x03\x04'],
    name: 'a spreadsheet (such as .xlsx or .ods) or another zip archive',
    hint: saveAs,
  },
  { begins: ['\xd0\xcf\x11\xe0'], name: 'a spreadsheet of an older Excel (.xls)', hint: saveAs },
  { begins: ['<!doctype', '<html', '<?xml', '<table'], name: 'a web page or XML', hint: saveAs },
  { begins: ['PAR1'], name: 'a Parquet file', hint: 'give it a name that ends in .parquet' },
  { begins: ['\x1f\x8b'], name: 'compressed by gzip', hint: 'unpack it with gunzip' },
  { begins: ['$FL2', '$FL3'], name: 'a file of SPSS', hint: inPython('read_spss') },
  { begins: ['<stata_dta>'], name: 'a file of Stata', hint: inPython('read_stata') },
  { begins: [`${'\0'.repeat(12)}\xc2\xea\x81\x60`], name: 'a file of SAS', hint: inPython('read_sas') },
  { begins: ['SQLite format 3\0'], name: 'a database of SQLite', hint: 'write one of its tables as CSV' },
];

/**
 * @param first the first bytes of the file
 * @throws DataError when they are of no text table
 */
export function refuseForeignTable(file: string, first: Uint8Array, expected = 'a CSV or TSV file'): void {
  const text = String.fromCharCode(...first.subarray(0, 64))
    .trimStart()
    .toLowerCase();
  const rule = rules.find(({ begins }) => begins.some((some) => text.startsWith(some.toLowerCase())));
  if (rule === undefined) return;
  throw new DataError(`data: "${file}" is ${rule.name}, expected ${expected}`, { hint: rule.hint });
}
