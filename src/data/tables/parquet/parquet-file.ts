/**
 * Opens a Parquet file: its columns, and their values by row group. hyparquet decodes it, in Node
 * and in browsers; it is loaded with the first such file.
 */
import type { SchemaTree } from 'hyparquet';
import { DataError } from '../../error.js';

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

export interface ParquetFile {
  /** The names of its columns. */
  readonly names: readonly string[];
  /** Its rows, in the groups in which they are stored. */
  readonly groups: readonly RowRange[];
  /** What a column holds that is not one value in each row; undefined if it has such values. */
  problemOf(name: string): string | undefined;
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
    return { scan, columns: children };
  });
  return {
    names: columns.map(({ element }) => element.name.trim()),
    groups: scan.ranges,
    problemOf(name) {
      const column = columns.find(({ element }) => element.name.trim() === name);
      return column === undefined ? undefined : problemOfColumn(column);
    },
    async values(name, group) {
      const what = `the column "${name}" of "${file}"`;
      const column = columns.find(({ element }) => element.name.trim() === name)?.element.name ?? name;
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
