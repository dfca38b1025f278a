/**
 * Takes files out of a Debian package without installing it. apt downloads the package with its own
 * configured sources and keys, and dpkg-deb unpacks it. Only refreshing outdated package lists
 * needs special rights.
 */
import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Runs a program with a list of arguments, never through a shell; resolves when it exits with 0.
 */
export type RunCommand = (
  program: string,
  args: readonly string[],
  options: { cwd: string; timeoutMs: number; signal?: AbortSignal | undefined },
) => Promise<void>;

export interface DebianPackageOptions {
  readonly run?: RunCommand | undefined;
  /** Whether package lists may be refreshed; by default only if this process is root. */
  readonly mayUpdate?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Downloads and unpacks `name` below `folder`, an empty folder; returns the folder of the unpacked
 * tree.
 * @throws Error with one line that says what failed.
 */
export async function unpackDebianPackage(
  name: string,
  folder: string,
  { run = runCommand, mayUpdate = process.getuid?.() === 0, signal }: DebianPackageOptions = {},
): Promise<string> {
  const apt = (...args: string[]) =>
    run('apt-get', ['-q', '-o', 'Acquire::Retries=1', '-o', 'Acquire::http::Timeout=15', ...args], {
      cwd: folder,
      timeoutMs: 300_000,
      signal,
    });
  try {
    await apt('download', name);
  } catch (error) {
    // There is no list, or an outdated one whose file is gone. Without apt there is nothing to
    // refresh.
    if (!mayUpdate || isMissingProgram(error) || signal?.aborted) throw error;
    await apt('update');
    await apt('download', name);
  }
  const archive = (await readdir(folder)).find(
    (file) => file.startsWith(`${name}_`) && file.endsWith('.deb'),
  );
  if (archive === undefined) throw new Error(`apt-get download left no file ${name}_*.deb`);
  const tree = join(folder, 'unpacked');
  await run('dpkg-deb', ['-x', archive, tree], { cwd: folder, timeoutMs: 120_000, signal });
  return tree;
}

export const runCommand: RunCommand = (program, args, { cwd, timeoutMs, signal }) =>
  new Promise((resolve, reject) => {
    const settings = { cwd, signal, timeout: timeoutMs, env: { ...process.env, LC_ALL: 'C' } };
    execFile(program, [...args], settings, (error, stdout, stderr) => {
      if (error === null) return resolve();
      if (isMissingProgram(error)) {
        return reject(Object.assign(new Error(`${program} is not installed`), { code: 'ENOENT' }));
      }
      const why = error.killed
        ? `stopped after ${timeoutMs / 1000} s`
        : (firstError(`${stderr}\n${stdout}`) ?? `exit status ${error.code}`);
      reject(new Error(`${program} ${subcommandOf(args)}: ${why}`, { cause: error }));
    });
  });

function isMissingProgram(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function firstError(output: string): string | undefined {
  return output
    .split('\n')
    .find((line) => /^(E:|dpkg-deb: error)/.test(line))
    ?.replace(/^E: /, '');
}

function subcommandOf(args: readonly string[]): string {
  return args.find((arg) => /^(download|update|-x)$/.test(arg)) ?? '';
}
