/**
 * Markdown with the lines of its prose ended by a column; tables, headings and code stay as they
 * are.
 */

const COLUMNS = 100;

export function wrapped(markdown: string): string {
  const parts = markdown.split(/(^```[\s\S]*?^```$)/m);
  return parts
    .map((part) => (part.startsWith('```') ? part : part.split('\n\n').map(block).join('\n\n')))
    .join('');
}

function block(text: string): string {
  if (/^\n*(\||#| {4}|\n*$)/.test(text)) return text;
  const [, before = '', inner = '', after = ''] = /^(\n*)([\s\S]*?)(\n*)$/.exec(text) ?? [];
  // Each point of a list is a paragraph of its own.
  const paragraphs = inner.split(/\n(?=- )/);
  return before + paragraphs.map(paragraph).join('\n') + after;
}

function paragraph(text: string): string {
  const indent = text.startsWith('- ') ? '  ' : '';
  const lines = [''];
  for (const word of text.split(/\s+/)) {
    const line = lines.at(-1) ?? '';
    if (line.trim() !== '' && line.length + 1 + word.length > COLUMNS) lines.push(indent + word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines.join('\n');
}
