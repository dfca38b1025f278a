/**
 * Programs of the system that some tests need. Where one is missing, its tests are left out with a
 * line that names the command which installs it; with CI=true a missing program is a failure.
 */
import { spawnSync } from 'node:child_process';

export interface Requirement {
  /** What the tests are called that need it. */
  readonly neededFor: string;
  /** Command lines that succeed where the program is there; the first that does is taken. */
  readonly candidates: readonly (readonly [program: string, ...args: string[]])[];
  /** The command that installs it. */
  readonly install: string;
  /** Whether it may be missing with CI=true, too: where Debian has no package of it. */
  readonly optional?: boolean;
}

/**
 * The program of the first candidate that runs, or undefined where the tests are to be skipped:
 *
 *     const python = requires(PYTORCH);
 *     test.skipIf(python === undefined)('…', () => …);
 *
 * @throws Error with CI=true, when there is none.
 */
export function requires({ neededFor, candidates, install, optional }: Requirement): string | undefined {
  const found = candidates.find(
    ([program, ...args]) => spawnSync(program, args, { stdio: 'ignore' }).status === 0,
  );
  if (found !== undefined) return found[0];
  const tried = candidates.map(([program]) => program).join(', ');
  missing(neededFor, `not there (tried: ${tried})`, install, {
    optional,
    details: candidates.map((candidate) => `"${candidate.join(' ')}" failed`),
  });
  return undefined;
}

/**
 * Says in one line what is skipped and why. @throws Error with CI=true, unless it may be missing
 * there
 * @param details what only the error says
 */
export function missing(
  neededFor: string,
  why: string,
  install: string,
  {
    optional = false,
    details = [],
  }: { readonly optional?: boolean; readonly details?: readonly string[] } = {},
): void {
  const message = `${neededFor}: ${why}; to install what is missing: ${install}`;
  if (process.env.CI === 'true' && !optional) throw new Error([message, ...details].join('\n  '));
  console.warn(`skipped: ${message}`);
}

/** Without the seconds that loading it takes. */
const FIND_TORCH = 'import importlib.util as u, sys; sys.exit(u.find_spec("torch") is None)';

export const PYTORCH: Requirement = {
  neededFor: 'loading our weights into PyTorch',
  candidates: [
    ['/usr/bin/python3', '-c', FIND_TORCH],
    ['python3', '-c', FIND_TORCH],
  ],
  install: 'apt-get install python3-torch',
};

export const CHROMIUM: Requirement = {
  neededFor: 'the runtimes in a browser',
  candidates: [
    ['/usr/bin/chromium', '--version'],
    ['chromium', '--version'],
    ['google-chrome', '--version'],
  ],
  install: 'apt-get install chromium',
};

/**
 * Not everybody who leads a federation has a proxy: the hub is tested behind a small one without
 * it.
 */
export const NGINX: Requirement = {
  neededFor: 'the hub behind nginx',
  candidates: [
    [process.env.NGINX_PROGRAM ?? 'nginx', '-v'],
    ['/usr/sbin/nginx', '-v'],
  ],
  install: 'apt-get install nginx, or name the program by NGINX_PROGRAM',
  optional: true,
};

const participantPackages = 'import onnxruntime, numpy, websockets, cryptography';

/**
 * Its packages are not in Debian: a Python that has them is named by the variable
 * PARTICIPANT_PYTHON.
 */
export const PYTHON_PARTICIPANT: Requirement = {
  neededFor: 'the participant in Python',
  candidates: [[process.env.PARTICIPANT_PYTHON ?? 'python3', '-c', participantPackages]],
  install:
    'python3 -m venv DIR && DIR/bin/pip install onnxruntime numpy websockets cryptography, and PARTICIPANT_PYTHON=DIR/bin/python',
  optional: true,
};
