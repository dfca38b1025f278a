/** Prints lines that may contain text from other machines. */
import { printableLines } from '../../base/printable.js';

export const print = (text: string) => void process.stdout.write(`${printableLines(text)}\n`);
