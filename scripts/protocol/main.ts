/**
 * Writes docs/protocol.md from the schemas; first records the exchange that it shows, where the
 * kept one is of another protocol.
 */
import { writeFileSync } from 'node:fs';
import { exchangeProblem, readExchange } from './exchange.js';
import { protocolPage } from './page.js';
import { recordExchange } from './record.js';

let problem: string | undefined;
try {
  problem = await exchangeProblem(readExchange());
} catch (error) {
  problem = (error as Error).message.slice(0, 300);
}
if (problem !== undefined) {
  console.log(`recording an exchange anew, for the kept one cannot be used: ${problem}`);
  await recordExchange();
}
writeFileSync(new URL('../../docs/protocol.md', import.meta.url), protocolPage(readExchange()));
console.log('docs/protocol.md is written');
