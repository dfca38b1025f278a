/** The configuration of docs/nats.md as it stands there, for two sites, with the certificate of the tests. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
export const certFile = join(root, 'test/fixtures/tls/cert.pem');
export const keyFile = join(root, 'test/fixtures/tls/key.pem');

const guide = readFileSync(join(root, 'docs/nats.md'), 'utf8');
const [, example = ''] = /```conf\n([\s\S]*?)```/.exec(guide) ?? [];

const forB = (text: string) => text.replaceAll('site-a', 'site-b').replaceAll('SITE_A', 'SITE_B');

/** What the text tells an operator to do for a second site. */
function withSecondSite(text: string): string {
  const account = /\n {2}SITE_A \{[\s\S]*?\n {2}\}/.exec(text)?.[0] ?? '';
  const exports = text
    .replace(account, '')
    .split('\n')
    .flatMap((line) => {
      if (!line.includes('[SITE_A]')) return [line];
      return line.includes('site-a') ? [line, forB(line)] : [line.replace('[SITE_A]', '[SITE_A, SITE_B]')];
    })
    .join('\n');
  return exports.replace(/\n\}\s*$/, `${account}${forB(account)}\n}\n`);
}

export const guideConfiguration = (folder: string) =>
  withSecondSite(example)
    .replace(/listen: .*/, '')
    .replace('/var/lib/nats', folder)
    .replace('/etc/nats/cert.pem', certFile)
    .replace('/etc/nats/key.pem', keyFile)
    .replaceAll(/\$\w+_PASSWORD/g, 'right');

/** Subjects on which site-a's account lets it ask, as the text has them. */
export const subjectsOfSiteA = [
  ...(/\n {2}SITE_A \{[\s\S]*?\n {2}\}/.exec(example)?.[0] ?? '').matchAll(/service: .*subject: "([^"]+)"/g),
].map(([, subject]) => subject as string);
