/** What the package exports as `graph`: a function for each operation, and their compositions. */
export * from './build.js';
export * from './compose.js';
export * from './recurrent.js';
export * from './resize.js';
