/**
 * Opens a Parquet file: its columns, and their values by row group. hyparquet decodes it, in Node
 * and in browsers; it is loaded with the first such file.
 */
import type { SchemaElement, SchemaTree } from 'hyparquet';
import { canonicalName } from '../../base/names.js';
import { DataError } from '../error.js';

/** By its name. */
export const isParquet = (path: string): boolean => /\.parquet$/i.test(path);

/** The bytes of a file, read where they are asked for. */
export interface ByteSource {
  readonly byteLength: number;
  slice(start: number, end?: number): Promise<ArrayBuffer>;
}

export interface RowRange {
  readonly rowStart: number;
  readonly rowEnd: number;
}

/** A column of values, of lists of values, of lists of lists … */
export interface ParquetLists {
  /** How many lists are around each value; 0 for one value in each row. */
  readonly depth: number;
  readonly value: SchemaElement;
}

export interface ParquetFile {
  /** The names of its columns. */
  readonly names: readonly string[];
  /** Its rows, in the groups in which they are stored. */
  readonly groups: readonly RowRange[];
  /** What a column holds that is not one value in each row; undefined if it has such values. */
  problemOf(name: string): string | undefined;
  /** Undefined if there is no such column, or it has structures. */
  listsOf(name: string): ParquetLists | undefined;
  /** @throws DataError when the values cannot be decoded */
  values(name: string, group: RowRange): Promise<ArrayLike<unknown>>;
}

/** @throws DataError when it is not a Parquet file */
export async function openParquet(file: string, source: ByteSource): Promise<ParquetFile> {
  const { parquetMetadataAsync, parquetScan, parquetSchema, compressors } = await import(
    './parquet-decoder.js'
  );
  const decode = async <Decoded>(what: string, decoding: () => Promise<Decoded>): Promise<Decoded> => {
    try {
      return await decoding();
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
      throw new DataError(`data: ${what} cannot be read as Parquet: ${reason}`, {
        cause,
        hint: 'write the file again, by pandas: table.to_parquet("table.parquet")',
      });
    }
  };
  const { scan, columns } = await decode(`"${file}"`, async () => {
    const metadata = await parquetMetadataAsync(source, { geoparquet: false });
    const { children } = parquetSchema(metadata);
    const scan = await parquetScan({ file: source, metadata, compressors, geoparquet: false });
    // A damaged header may have no name, or one that is no text.
    const columns = children.map((tree) => ({ ...tree, name: canonicalName(tree.element.name.trim()) }));
    return { scan, columns };
  });
  const columnOf = (name: string) => columns.find((column) => column.name === name);
  return {
    names: columns.map(({ name }) => name),
    groups: scan.ranges,
    problemOf(name) {
      const column = columnOf(name);
      return column === undefined ? undefined : problemOfColumn(column);
    },
    listsOf: (name) => listsIn(columnOf(name), 0),
    async values(name, group) {
      const what = `the column "${name}" of "${file}"`;
      const column = columnOf(name)?.element.name ?? name;
      const values = await decode(what, () => scan.readColumn({ ...group, column }));
      const expected = group.rowEnd - group.rowStart;
      if (values.length === expected) return values;
      throw new DataError(`data: ${what} has ${values.length} values, expected ${expected}`);
    },
  };
}

const TEXTS = [undefined, 'UTF8', 'ENUM', 'DECIMAL'];
const FIXED = ['DECIMAL', 'FLOAT16', 'UUID'];

function problemOfColumn({ children, element }: SchemaTree): string | undefined {
  const { type, repetition_type, converted_type, logical_type } = element;
  if (children.length > 0 || repetition_type === 'REPEATED') return 'lists or structures';
  const kind = converted_type ?? logical_type?.type;
  if (type === 'FIXED_LEN_BYTE_ARRAY' && !FIXED.includes(kind ?? '')) return 'bytes';
  if (type === 'BYTE_ARRAY' && !TEXTS.includes(converted_type) && logical_type?.type !== 'STRING')
    return `values of the type ${kind}`;
  return undefined;
}

/**
 * A list is a group with a repeated group that has the element, or with a repeated element.
 * @see https://github.com/apache/parquet-format/blob/master/LogicalTypes.md#lists
 */
function listsIn(column: SchemaTree | undefined, depth: number): ParquetLists | undefined {
  if (column === undefined) return undefined;
  const { element, children } = column;
  const [repeated, ...others] = children;
  if (repeated === undefined) return { depth, value: element };
  const isList = element.converted_type === 'LIST' && repeated.element.repetition_type === 'REPEATED';
  if (!isList || others.length > 0 || repeated.children.length > 1) return undefined;
  return listsIn(repeated.children[0] ?? repeated, depth + 1);
}
