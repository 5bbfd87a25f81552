import { readFileSync } from 'node:fs';
import { forwardingSchema } from '#logging/settings/forwarding-schema.js';
import { engineName, renderForwarding } from '#logging/settings/render-forwarding.js';
import { journalSchema } from '#logging/settings/journal-schema.js';
import { renderJournal } from '#logging/settings/render-journal.js';
import test from 'ava';

const golden = (name: string) => readFileSync(new URL(`../../../golden/logging/${name}`, import.meta.url), 'utf8');
const pem = (what: string) => `-----BEGIN ${what}-----\nMIIB\n-----END ${what}-----`;

const every = forwardingSchema.parse({
  destinations: {
    central: {
      host: 'logs.example.org',
      protocol: 'tls',
      filter: { severity: 'info', facilities: ['kern', 'daemon'], units: ['gemel-*', 'a\\x2db.service'] },
      tls: { ca: pem('CERTIFICATE'), certificate: pem('CERTIFICATE'), key: pem('PRIVATE KEY') },
      queueMegabytes: 64,
    },
    old: { host: '192.0.2.14', protocol: 'udp', format: 'rfc3164' },
    sure: { host: '2001:db8::14', protocol: 'relp-tls', port: 20_514 },
    plain: { host: '192.0.2.15', protocol: 'tcp', framing: 'newline' },
    resting: { host: '192.0.2.16', enabled: false },
  },
});

test('renders every protocol, format, framing and filter as the golden file has it', (t) => {
  const { files } = renderForwarding(every);
  t.is(files[0]?.content, golden('rsyslog.conf'));
});

test('puts certificates and keys beside it, readable by rsyslogd only', (t) => {
  const { files } = renderForwarding(every);
  t.deepEqual(
    files.slice(1).map(({ path, mode, group }) => ({ path, mode, group })),
    ['ca', 'certificate', 'key'].map((part) => ({
      path: `/run/gemel/rsyslog/central.${part}.pem`,
      mode: 0o640,
      group: 'gemel-log',
    })),
  );
});

test('names a destination that is off, so that its queue is kept, and sends it nothing', (t) => {
  const content = renderForwarding(every).files[0]?.content ?? '';
  t.regex(content, /^# destinations: .*\bresting\b/m);
  t.false(content.includes(engineName('resting')));
});

test('renders nothing when nothing is sent', (t) => {
  t.deepEqual(renderForwarding(forwardingSchema.parse({})).files, []);
  const off = forwardingSchema.parse({ destinations: { a: { host: 'a.example.org', enabled: false } } });
  const [kept, ...more] = renderForwarding(off).files;
  t.deepEqual([kept?.path, more], ['/run/gemel/rsyslog/kept-queues', []]);
});

test('lets no quote, blank or new line of an operator into the file', (t) => {
  for (const host of ['a" b', 'a\nb', 'a b', '$IncludeConfig', 'a\\"'])
    t.false(forwardingSchema.safeParse({ destinations: { a: { host } } }).success, host);
  for (const unit of ['a"b', 'a b', 'a\nb', '*a'])
    t.false(
      forwardingSchema.safeParse({ destinations: { a: { host: 'h', filter: { units: [unit] } } } }).success,
      unit,
    );
});

test('a device fresh from the factory has the journal settings that the image brings', (t) => {
  const settings = (text: string) =>
    text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .toSorted();
  const image = new URL('../../../../firmware/files/etc/systemd/journald.conf.d/10-appliance.conf', import.meta.url);
  const rendered = renderJournal(journalSchema.parse({})).files[0]?.content ?? '';
  t.deepEqual(settings(rendered), settings(readFileSync(image, 'utf8')));
});

test('limits the log as entered', (t) => {
  const settings = journalSchema.parse({ maxMegabytes: 100, retentionDays: 7, messagesPer30Seconds: 500 });
  const content = renderJournal(settings).files[0]?.content ?? '';
  t.regex(content, /^SystemMaxUse=100M$/m);
  t.regex(content, /^SystemMaxFileSize=25M$/m);
  t.regex(content, /^MaxRetentionSec=7day$/m);
  t.regex(content, /^RateLimitIntervalSec=30s\nRateLimitBurst=500$/m);
});
