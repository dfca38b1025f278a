/** Lines on stdout into which words of other machines may have come. */
import { printableLines } from '../../base/printable.js';

export const print = (text: string) => void process.stdout.write(`${printableLines(text)}\n`);
