/**
 * Which file is the mask of a picture: it has the picture's name, in a folder of masks beside the
 * pictures, in the whole folder or in each of its parts.
 */
import { SEVERAL, withoutExtension } from './picture-names.js';

/** Whether a path within the folder is that of a mask, or of a folder of masks. */
export function isMaskPath(path: string, folder: string): boolean {
  return `/${path}/`.includes(`/${folder}/`);
}

export type FindMask = (picture: string) => string | typeof SEVERAL | undefined;

/**
 * @param masks paths within the folder
 * @param folder the name of the folder of masks
 */
export function maskFinder(masks: readonly string[], folder: string): FindMask {
  const byKey = new Map<string, string>();
  for (const path of masks) {
    // train/masks/a.png and masks/train/a.png are both "train/a".
    const key = withoutExtension(`/${path}`.replace(`/${folder}/`, '/').slice(1));
    byKey.set(key, byKey.has(key) ? SEVERAL : path);
  }
  return (picture) => {
    const parts = withoutExtension(picture).split('/');
    // The picture may lie in a folder beside that of the masks, such as images/.
    const keys = parts.map((_, left) => parts.toSpliced(left, left === parts.length - 1 ? 0 : 1).join('/'));
    const found = [parts.join('/'), ...keys].find((key) => byKey.has(key));
    return found === undefined ? undefined : byKey.get(found);
  };
}
