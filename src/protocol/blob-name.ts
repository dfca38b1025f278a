/**
 * The name of a blob: the SHA-256 of its bytes, 64 lower-case hexadecimal digits. No message names
 * a file in any other way.
 */
import { z } from 'zod';

export const sha256Schema = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .meta({ form: 'SHA-256 (64 lower-case hexadecimal digits)' });

export const blobSchema = z
  .strictObject({
    sha256: sha256Schema.describe('The SHA-256 of the bytes. It is the name of the blob.'),
    bytes: z.int().positive().meta({ unit: 'bytes', description: 'The size.' }),
  })
  .meta({
    title: 'Blob',
    description: 'A file that travels, named by its content: see “Blobs”.',
  });

/** A safetensors file that travels: its SHA-256 and its size in bytes. */
export type Blob = z.output<typeof blobSchema>;
