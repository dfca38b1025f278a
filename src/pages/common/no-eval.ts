/**
 * Turns off zod's compilation of schemas to functions. It is imported before any schema: otherwise
 * zod tries to compile, which the pages' policy forbids and a browser reports.
 */
import { config } from 'zod';

config({ jitless: true });
