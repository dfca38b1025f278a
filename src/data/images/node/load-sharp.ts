/**
 * Loads `sharp`, the decoder of pictures, when it is needed: an optional package of 20 MB. Node
 * only.
 */
import type { default as Sharp } from 'sharp';
import { importOptional, type OptionalPackage } from '../../../base/optional-package.js';
import { DataError } from '../../error.js';

export const sharpPackage: OptionalPackage = {
  without: 'data: pictures cannot be read',
  packages: ['sharp@0.35.5'],
};

/** @throws DataError that says what to install */
export async function loadSharp(): Promise<typeof Sharp> {
  // Imported here, so that a program without pictures does not load the decoder.
  const { default: sharp } = await importOptional(() => import('sharp'), sharpPackage, DataError);
  return sharp;
}
