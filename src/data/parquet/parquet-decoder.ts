/** What decodes Parquet, as one module: pages and Node load it with the first such file. */
export { parquetMetadataAsync, parquetScan, parquetSchema } from 'hyparquet';
export { compressors } from 'hyparquet-compressors';
