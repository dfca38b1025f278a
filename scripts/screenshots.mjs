// The pictures of README.md: a real federation on a part of Fashion-MNIST, as its pages show it in
// Chromium. npm run build && node scripts/screenshots.mjs [--data-dir DIR]
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright';
import sharp from 'sharp';

const images = new URL('../docs/images', import.meta.url).pathname;
const program = new URL('../dist/cli/main.js', import.meta.url).pathname;
const dataFlags = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'commonweight-screenshots-'));
const children = [];

/** Pictures are taken once so many rounds are merged. */
const SHOWN_ROUND = 4;
writeFileSync(
  join(folder, 'federation.yaml'),
  `dataset: fashion-mnist
participants: [seoul, busan]
partition: { name: own, participants: 2 }
model: { name: mlp }
optimizer: { name: adam, learningRate: 0.001 }
local: { epochs: 1 }
rounds: 6
reference: 0.85
compare: [max, absmax]
`,
);

/** The program, and its lines. */
function start(...args) {
  const child = spawn(process.execPath, [program, ...args, ...dataFlags], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  return createInterface({ input: child.stdout });
}

/** Links by which one takes part, in the order of the participants, and the one to watch. */
async function links(lines) {
  for await (const line of lines) if (line.includes('to watch:')) break;
  lines.on('line', () => {});
  return readFileSync(join(folder, 'run/new-tokens.txt'), 'utf8').match(/http:\S+#token=\S+/g);
}

async function shoot(page, name) {
  const png = await page.screenshot();
  await sharp(png)
    .png({ palette: true, colours: 128, effort: 10 })
    .toFile(join(images, `${name}.png`));
}

const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
try {
  mkdirSync(images, { recursive: true });
  const [seoul, busan, watch] = await links(start('serve', 'federation.yaml', '--port', '0', '--out', 'run'));
  const open = async (link, colorScheme) => {
    const page = await browser.newPage({ colorScheme, viewport: { width: 1280, height: 1000 } });
    await page.goto(link);
    return page;
  };
  const joining = await open(busan, 'light');
  await joining.getByRole('heading', { level: 2 }).first().waitFor();
  await shoot(joining, 'join');
  await joining.close();

  for (const [part, link] of [seoul, busan].entries()) {
    const data = ['--data', 'fashion-mnist', '--partition', `dirichlet:alpha=0.5:${part + 1}/12`];
    start('join', link, ...data, '--share-label-counts', '--out', `join-${part}`);
  }
  const [light, dark] = [await open(watch, 'light'), await open(watch, 'dark')];
  for (const [name, page] of Object.entries({ 'dashboard-light': light, 'dashboard-dark': dark })) {
    await page.getByText(`Round ${SHOWN_ROUND}: merged (mean)`).first().waitFor({ timeout: 600_000 });
    await page.waitForFunction(() => document.querySelectorAll('.chart svg').length >= 5);
    await shoot(page, name);
  }
} finally {
  await browser.close();
  for (const child of children) {
    if (child.exitCode !== null) continue;
    child.kill('SIGINT');
    await once(child, 'exit');
  }
  rmSync(folder, { recursive: true });
}
