/**
 * Tests run much code for a moment each. In Node 20, V8 spends a quarter of their time on
 * optimizing it: here it waits until a function has run ten times as long. Later versions have a
 * cheaper compiler in between, and not this flag. No number depends on it.
 */
import { setFlagsFromString } from 'node:v8';

if (process.versions.node.startsWith('20.')) setFlagsFromString('--interrupt-budget=600000');
