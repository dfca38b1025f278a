/**
 * Before all tests: finds the nats-server once. Where there is none, its tests are skipped with one
 * line.
 */
import type { TestProject } from 'vitest/node';
import { natsProgram } from './nats-program.js';
import { missing } from './requires.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** Empty where there is none. */
    readonly natsServer: string;
  }
}

/** @throws Error with CI=true, when there is none */
export default async function findNats({ provide }: TestProject): Promise<void> {
  const found = await natsProgram();
  if ('tried' in found)
    missing(
      'federations over NATS',
      'no nats-server is here, and none could be fetched',
      'apt-get install nats-server',
      { details: found.tried },
    );
  provide('natsServer', 'path' in found ? found.path : '');
}
