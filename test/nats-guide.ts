/**
 * The configuration of docs/nats.md as it stands there, for several sites, with the certificate of
 * the tests.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
export const certFile = join(root, 'test/fixtures/tls/cert.pem');
export const keyFile = join(root, 'test/fixtures/tls/key.pem');

const guide = readFileSync(join(root, 'docs/nats.md'), 'utf8');
const [, example = ''] = /```conf\n([\s\S]*?)```/.exec(guide) ?? [];

const accountOf = (site: string) => site.toUpperCase().replaceAll('-', '_');
const forSite = (site: string, text: string) =>
  text.replaceAll('site-a', site).replaceAll('SITE_A', accountOf(site));

/** What the text tells an operator to do for further sites. */
function withSites(text: string, sites: readonly string[]): string {
  const account = /\n {2}SITE_A \{[\s\S]*?\n {2}\}/.exec(text)?.[0] ?? '';
  const every = ['SITE_A', ...sites.map(accountOf)].join(', ');
  const exports = text
    .replace(account, '')
    .split('\n')
    .flatMap((line) => {
      if (!line.includes('[SITE_A]')) return [line];
      if (!line.includes('site-a')) return [line.replace('[SITE_A]', `[${every}]`)];
      return [line, ...sites.map((site) => forSite(site, line))];
    })
    .join('\n');
  const accounts = [account, ...sites.map((site) => forSite(site, account))].join('');
  return exports.replace(/\n\}\s*$/, `${accounts}\n}\n`);
}

/** @param sites besides site-a */
export const guideConfiguration = (folder: string, sites: readonly string[] = ['site-b']) =>
  withSites(example, sites)
    .replace(/listen: .*/, '')
    .replace('/var/lib/nats', folder)
    .replace('/etc/nats/cert.pem', certFile)
    .replace('/etc/nats/key.pem', keyFile)
    .replaceAll(/\$\w+_PASSWORD/g, 'right');

/** Subjects on which site-a's account lets it ask, as the text has them. */
export const subjectsOfSiteA = [
  ...(/\n {2}SITE_A \{[\s\S]*?\n {2}\}/.exec(example)?.[0] ?? '').matchAll(/service: .*subject: "([^"]+)"/g),
].map(([, subject]) => subject as string);
