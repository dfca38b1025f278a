// Compiles src/ into dist/, afresh: a module that has moved must not live on in the package; and the pages into dist/pages/.
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, rmSync } from 'node:fs';
import { build } from 'vite';

process.chdir(new URL('..', import.meta.url).pathname);
rmSync('dist', { recursive: true, force: true });
execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], {
  stdio: 'inherit',
});
await build({ configFile: 'vite.config.ts', logLevel: 'warn' });
if (existsSync('dist/cli/main.js')) chmodSync('dist/cli/main.js', 0o755);
