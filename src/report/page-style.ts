/**
 * The style of a page, light and dark, wide and narrow. Charts and text take their colours from the
 * variables here. Every pair of text and background has a contrast of 4.5 or more, every line and
 * its background 3 or more.
 */
export const pageStyle = `
:root {
  color-scheme: light dark;
  --ground: #ffffff; --card: #f6f8fa; --rule: #d0d7de; --ink: #14181d; --quiet: #57606a;
  --heat: #0b57a4; --heat-below: #8f3f00; --on-light: #000000; --on-heat: #ffffff; --good: #1a7f37; --bad: #c0262d;
  --series-1: #0b6bcb; --series-2: #b95000; --series-3: #1a7f37; --series-4: #8250df;
  --series-5: #bf3989; --series-6: #0f766e; --series-7: #85660d; --series-8: #57606a;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0f1318; --card: #171c23; --rule: #343c46; --ink: #f0f3f6; --quiet: #a0a9b4;
    --heat: #1f6feb; --heat-below: #a85a0c; --on-light: #f0f3f6; --on-heat: #ffffff; --good: #4cc367; --bad: #ff7b72;
    --series-1: #58a6ff; --series-2: #f0883e; --series-3: #3fb950; --series-4: #bc8cff;
    --series-5: #f778ba; --series-6: #39c5bb; --series-7: #d9b44a; --series-8: #9aa4ae;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 76rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 0 .25rem; }
h2 { font-size: 1.25rem; margin: 2.75rem 0 .75rem; padding-top: 1rem; border-top: 1px solid var(--rule); }
h3 { font-size: 1rem; margin: 1.5rem 0 .5rem; }
h1, h2, h3, p, li, figcaption, td, th { overflow-wrap: anywhere; }
p, ul { max-width: 50rem; }
.quiet, figcaption span { color: var(--quiet); }
.note { background: var(--card); border-left: 4px solid var(--rule); padding: .6rem .9rem; }
dl.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(10.5rem, 1fr)); gap: .75rem; margin: 1.25rem 0; }
dl.figures div { background: var(--card); border: 1px solid var(--rule); border-radius: .5rem; padding: .6rem .9rem; }
dl.figures dt { color: var(--quiet); font-size: .875rem; }
dl.figures dd { margin: 0; font-size: 1.35rem; font-weight: 600; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); gap: 1.5rem 2rem; align-items: start; }
figure { margin: 0; min-width: 0; }
figcaption { margin-bottom: .4rem; font-size: .9375rem; }
figcaption span { display: block; font-size: .875rem; }
figure.table { margin: 1rem 0; }
figure svg { display: block; width: 100%; height: auto; overflow: visible; }
.wide { max-width: 560px; }
.narrow { display: none; max-width: 340px; }
@media (max-width: 36rem) {
  .wide { display: none; }
  .narrow { display: block; }
}
ul.legend { list-style: none; display: flex; flex-wrap: wrap; gap: .15rem 1rem; margin: .4rem 0 0; padding: 0; font-size: .875rem; }
ul.legend svg { display: inline-block; width: auto; height: 14px; vertical-align: -2px; }
.scroll { overflow-x: auto; max-width: 100%; }
table { border-collapse: collapse; font-size: .875rem; font-variant-numeric: tabular-nums; margin: .5rem 0; }
th, td { padding: .3rem .7rem; text-align: right; border-bottom: 1px solid var(--rule); white-space: nowrap; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
td.text, th.text { text-align: left; white-space: normal; }
thead th { font-weight: 600; vertical-align: bottom; white-space: normal; min-width: 4.5rem; overflow-wrap: break-word; }
tbody th { font-weight: 400; }
td.best { font-weight: 700; }
details { margin: 1rem 0; }
summary { cursor: pointer; font-weight: 600; }
ul.pictures { list-style: none; display: grid; grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); gap: 1rem; padding: 0; max-width: none; }
ul.pictures li { font-size: .8125rem; line-height: 1.4; }
ul.pictures img { width: 84px; height: 84px; object-fit: contain; image-rendering: pixelated; border: 1px solid var(--rule); background: #000; display: block; margin-bottom: .3rem; }
.right { color: var(--good); }
.wrong { color: var(--bad); }
@media print { details > * { display: block; } }
`;
