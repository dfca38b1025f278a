/** A blob is known by what it holds: the SHA-256 of its bytes, 64 lower-case hexadecimal digits. Nothing else names a file. */
import { z } from 'zod';

export const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/);

export const blobSchema = z.strictObject({ sha256: sha256Schema, bytes: z.int().positive() });

/** A safetensors file that travels: its SHA-256 and its size in bytes. */
export type Blob = z.output<typeof blobSchema>;
