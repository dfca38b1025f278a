/**
 * Imported before any schema: zod else tries whether it may compile them to functions, which the pages' policy forbids and a
 * browser reports.
 */
import { config } from 'zod';

config({ jitless: true });
