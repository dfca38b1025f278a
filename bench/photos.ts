/**
 * A run on a folder straight from a phone: large photos of mixed sizes and formats, one of them
 * damaged, by `run --skip-damaged` with nothing else set.
 */
import { join } from 'node:path';
import { inBenchFolder } from './built-product.js';
import { type CommandUse, measureCommand } from './command-use.js';
import { generatePhotos } from './generated-pictures.js';

export interface PhotosPlan {
  readonly photos: number;
  /** Divides the sides of the photos. */
  readonly shrink: number;
}

export const allPhotos: PhotosPlan = { photos: 120, shrink: 1 };
export const quickPhotos: PhotosPlan = { photos: 60, shrink: 8 };

export interface PhotosResult extends CommandUse {
  readonly photos: number;
  /** The lines that say what was done with the pictures. */
  readonly notices: readonly string[];
}

/** @throws BenchError when the project is not built, or the run fails */
export async function measurePhotos({ photos, shrink }: PhotosPlan): Promise<PhotosResult> {
  return inBenchFolder('photos', async (folder) => {
    const set = join(folder, 'photos');
    await generatePhotos(set, photos, shrink);
    const args = ['run', '--dataset', set, '--skip-damaged', '--out', join(folder, 'run')];
    const use = await measureCommand(args, 'the run on photos');
    return { photos, ...use, notices: use.said.filter((line) => line.startsWith('data: ')) };
  });
}
