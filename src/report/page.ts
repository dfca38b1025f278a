/** A self-contained page: style and charts are in it, it has no script, and it fetches nothing. */
import { type Html, html, trusted } from './html.js';
import { pageStyle } from './page-style.js';

export function page(title: string, body: Html): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>${title}</title>
<style>${trusted(pageStyle)}</style>
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`.markup;
}

export interface TableOptions {
  readonly caption: string;
  readonly head: readonly string[];
  /** The first cell of a row is its heading. */
  readonly rows: readonly (readonly (string | Html)[])[];
}

/** A table that scrolls within the page if it is wider. */
export const table = ({ caption, head, rows }: TableOptions): Html => html`<figure class="table">
<figcaption><span>${caption}</span></figcaption>
<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table>
<thead><tr>${head.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>
${rows.map(([first = '', ...rest]) => html`<tr><th scope="row">${first}</th>${rest.map((cell) => html`<td>${cell}</td>`)}</tr>\n`)}</tbody>
</table></div>
</figure>`;
