/**
 * HTML by tagged templates: `html\`<td>${name}</td>\``. Inserted text is escaped, unless another
 * template made it. So a name that looks like markup stays a name.
 */

export interface Html {
  readonly markup: string;
}

export type Content = Html | string | number | undefined | readonly Content[];

export const html = (strings: TemplateStringsArray, ...values: readonly Content[]): Html => ({
  markup: String.raw({ raw: strings }, ...values.map(markupOf)),
});

/**
 * Marks markup as safe. Only for markup of our own, such as a chart; never for text that was read.
 */
export const trusted = (markup: string): Html => ({ markup });

function markupOf(content: Content): string {
  if (content === undefined) return '';
  if (typeof content === 'string' || typeof content === 'number') return escaped(String(content));
  return 'markup' in content ? content.markup : content.map(markupOf).join('');
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escaped = (text: string) => text.replace(/[&<>"']/g, (character) => entities[character] ?? '');
