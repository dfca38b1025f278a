/** Prints lines that may have words of other machines in them. */
import { printableLines } from '../../base/printable.js';

export const print = (text: string) => void process.stdout.write(`${printableLines(text)}\n`);
