/**
 * Says in words why the system refused something, and whether another try may help. All modules
 * that read or write files use it for their errors. It imports nothing from Node, so pages can use
 * it, too.
 */

const words: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission denied',
  EPERM: 'the system does not permit it',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of the path is a file',
  ENAMETOOLONG: 'the name is too long',
  ELOOP: 'its links lead in a circle',
  ENOSPC: 'no space is left on the disk',
  EDQUOT: 'no more space is allowed to this user',
  EFBIG: 'it would be larger than the system allows',
  EMFILE: 'this process has too many files open',
  ENFILE: 'the system has too many files open',
  EIO: 'the disk has failed',
  EROFS: 'the disk is read-only',
  EBUSY: 'something else is using it',
  ESTALE: 'the shared folder has changed on its server',
};

/** One line that says why; codes of the system are put into words. */
export function reasonOf(error: unknown): string {
  const known = words[systemCode(error) ?? ''];
  if (known !== undefined) return known;
  return error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
}

/**
 * A sentence about what the system refused to do with a file. It is undefined for other errors, and
 * for a missing file, which may be a bug in Commonweight.
 */
export function refusalOf(error: unknown): string | undefined {
  const code = systemCode(error);
  const { path } = error as { path?: unknown };
  if (code === undefined || code === 'ENOENT' || words[code] === undefined) return undefined;
  return typeof path === 'string' ? `"${path}": ${words[code]}` : words[code];
}

function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'syscall' in error && 'code' in error ? String(error.code) : undefined;
}
