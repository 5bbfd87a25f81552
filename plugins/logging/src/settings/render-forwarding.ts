import type { RenderedFile, Rendering } from '@gemel/core/sdk';
import { keptQueuesFile, logGroup, queueFolder, renderedFolder, rsyslogFile, statisticsFile } from '../paths.js';
import {
  type Destination,
  expectedName,
  type ForwardingSettings,
  type Protocol,
  portOf,
  severities,
  usesTls,
} from './forwarding-schema.js';

const publicAuthorities = '/etc/ssl/certs/ca-certificates.crt';

/** Name of a destination's ruleset and action in rsyslog's figures and messages; its queue is the action's. */
export function engineName(destination: string): string {
  return `to-${destination}`;
}

/**
 * The whole configuration of rsyslogd. The journal is the only source. Its reader hands each entry straight to one queue for
 * each destination (`main_queue` is Direct), so the place in the journal that is kept never runs ahead of the queues.
 */
export function renderForwarding({ destinations }: ForwardingSettings): Rendering {
  const all = Object.entries(destinations).sort(([a], [b]) => (a < b ? -1 : 1));
  const active = all.filter(([, { enabled }]) => enabled);
  if (all.length === 0) return { files: [], properties: [] };
  if (active.length === 0) {
    // rsyslogd is not needed; gemel-log-stopped leaves what waits for these
    const content = `${all.map(([name]) => name).join(' ')}\n`;
    return { files: [{ path: keptQueuesFile, content, group: logGroup }], properties: [] };
  }
  const lines = [
    '# Made by Gemel from the log forwarding settings.',
    // gemel-log-recover removes the queues of all others
    `# destinations: ${all.map(([name]) => name).join(' ')}`,
    // and asks the journal for what these may have had in memory
    ...active.flatMap(([name, { filter }]) => {
      const asked = journalFilter(filter);
      return asked.length === 0 ? [] : [`# filtered: ${name} ${asked.join(' ')}`];
    }),
    ...frame,
    ...(active.some(([, { protocol }]) => isRelp(protocol)) ? ['module(load="omrelp" tls.tlslib="openssl")'] : []),
    ...active.flatMap(([name, destination]) => ['', ...ruleset(name, destination)]),
    '',
    ...active.map(([name, destination]) => route(name, destination)),
    '',
  ];
  const main: RenderedFile = { path: rsyslogFile, content: lines.join('\n'), group: logGroup };
  return { files: [main, ...active.flatMap(([name, each]) => tlsFiles(name, each))], properties: [] };
}

/** journald cuts nothing off below 768 KiB; what is longer than this is cut when it is read. */
const maxMessage = '128k';

const frame = [
  `global(workDirectory="${queueFolder}" maxMessageSize="${maxMessage}"`,
  // bytes stay as they were written; where they could be taken for the end of a message, the template escapes them
  '  parser.escapeControlCharactersOnReceive="off")',
  'main_queue(queue.type="Direct")',
  // its place is saved every 1,000 entries and at the end; after a power loss gemel-log-recover steps back from it
  'module(load="imjournal" StateFile="journal-cursor" PersistStateInterval="1000" IgnorePreviousMessages="on"',
  '  Ratelimit.Interval="0" FileCreateMode="0600" DefaultFacility="daemon")',
  'module(load="impstats" interval="5" format="json" resetCounters="off" log.syslog="on" ruleset="statistics")',
  'template(name="statistics" type="string" string="%timegenerated:::date-unixtimestamp% %msg%\\n")',
  'ruleset(name="statistics") {',
  `  action(type="omfile" file="${statisticsFile}" template="statistics" fileCreateMode="0640"`,
  '    rotation.sizeLimit="262144" rotation.sizeLimitCommand="/usr/lib/gemel/libexec/gemel-log-rotate")',
  '}',
  ...['raw', 'escaped'].flatMap((kind) => templates(kind === 'escaped')),
];

function templates(escaped: boolean): readonly string[] {
  const suffix = escaped ? '-escaped' : '';
  const text = escaped ? '%msg:::escape-cc%' : '%msg%';
  // 32473 is the number that RFC 5612 keeps for documentation; receivers know the block by its whole name.
  // json: a backslash is doubled, as RFC 5424 wants it; nothing else that it changes can be in the name of a unit.
  const data =
    '[journal@32473 unit=\\"%$!_SYSTEMD_UNIT:::json%\\" boot=\\"%$!_BOOT_ID%\\" transport=\\"%$!_TRANSPORT%\\"]';
  return [
    `template(name="rfc5424${suffix}" type="string" string="<%PRI%>1 %TIMESTAMP:::date-rfc3339% %$!_HOSTNAME% %APP-NAME% %PROCID% %MSGID% ${data} ${text}")`,
    `template(name="rfc3164${suffix}" type="string" string="<%PRI%>%TIMESTAMP:::date-rfc3164% %$!_HOSTNAME% %syslogtag%${text.replace('%msg', '%msg:::sp-if-no-1st-sp%%msg')}")`,
  ];
}

function ruleset(name: string, destination: Destination): readonly string[] {
  return [
    `ruleset(name="${engineName(name)}") {`,
    `  action(name="${engineName(name)}" ${action(name, destination)}`,
    `    ${queue(name, destination)}`,
    // for ever, at growing distance
    '    action.resumeRetryCount="-1" action.resumeInterval="2" action.resumeIntervalMax="30")',
    '}',
  ];
}

/**
 * The action's and not the ruleset's, into which each entry would be copied: a quarter of all processor time.
 * In memory while the receiver keeps up, on disk beyond 8,000 entries. An enqueuing that finds no room drops at once instead of
 * waiting, since whoever waits delays the other destinations; memory has room for 20,000 so that a disk that pauses drops nothing.
 * gemel-log-recover counts on these figures.
 */
function queue(name: string, { queueMegabytes }: Destination): string {
  const file = Math.max(1, Math.min(16, Math.floor(queueMegabytes / 8)));
  return [
    'queue.type="FixedArray" queue.workerThreads="1" queue.size="20000" queue.highWatermark="8000" queue.lowWatermark="1000"',
    // The sender is woken by an entry only when it waits for one, and then rests for 2 ms whatever comes: waking it for each was a quarter of
    // the reader's time. Microseconds.
    'queue.dequeueBatchSize="1024" queue.dequeueSlowDown="2000"',
    `queue.filename="${name}" queue.spoolDirectory="${queueFolder}"`,
    `queue.maxDiskSpace="${queueMegabytes}m" queue.maxFileSize="${file}m" queue.checkpointInterval="1000"`,
    'queue.timeoutEnqueue="0" queue.saveOnShutdown="on" queue.timeoutShutdown="1000" queue.timeoutActionCompletion="1000"',
  ].join('\n    ');
}

function action(name: string, destination: Destination): string {
  const { host, protocol, format, framing } = destination;
  const relp = isRelp(protocol);
  const lengthKnown = relp || (protocol !== 'udp' && framing === 'octet-counted');
  const target = `target="${host}" port="${portOf(destination)}" template="${format}${lengthKnown ? '' : '-escaped'}"`;
  if (relp) return ['type="omrelp"', target, 'timeout="30"', ...relpTls(name, destination)].join(' ');
  if (protocol === 'udp') return `type="omfwd" ${target} protocol="udp"`;
  const frameKind = framing === 'octet-counted' ? 'octet-counted' : 'traditional';
  const alive = 'KeepAlive="on" KeepAlive.Time="30" KeepAlive.Interval="10" KeepAlive.Probes="3"';
  return [
    'type="omfwd"',
    target,
    `protocol="tcp" TCP_Framing="${frameKind}" ${alive}`,
    ...streamTls(name, destination),
  ].join(' ');
}

function isRelp(protocol: Protocol): boolean {
  return protocol === 'relp' || protocol === 'relp-tls';
}

function streamTls(name: string, destination: Destination): readonly string[] {
  if (!usesTls(destination)) return [];
  const { ca, certificate, key } = tlsPaths(name, destination);
  const peer = expectedName(destination);
  return [
    '\n    StreamDriver="ossl" StreamDriverMode="1"',
    // In TLS 1.3 a sender takes the connection for good before the receiver has looked at its certificate: what it sent until then is
    // lost when that is refused. TLS 1.2 tells before anything is sent.
    'gnutlsPriorityString="MaxProtocol=TLSv1.2"',
    peer === undefined
      ? 'StreamDriverAuthMode="x509/certvalid"'
      : `StreamDriverAuthMode="x509/name" StreamDriverPermittedPeers="${peer}"`,
    `StreamDriver.CAFile="${ca}"`,
    ...(certificate === undefined ? [] : [`StreamDriver.CertFile="${certificate}"`]),
    ...(key === undefined ? [] : [`StreamDriver.KeyFile="${key}"`]),
  ];
}

function relpTls(name: string, destination: Destination): readonly string[] {
  if (!usesTls(destination)) return [];
  const { ca, certificate, key } = tlsPaths(name, destination);
  const peer = expectedName(destination);
  return [
    '\n    tls="on"',
    `tls.caCert="${ca}"`,
    peer === undefined ? 'tls.authMode="certvalid"' : `tls.authMode="name" tls.permittedPeer=["${peer}"]`,
    ...(certificate === undefined ? [] : [`tls.myCert="${certificate}"`]),
    ...(key === undefined ? [] : [`tls.myPrivKey="${key}"`]),
  ];
}

function tlsPaths(name: string, { tls }: Destination) {
  return {
    ca: tls.ca === undefined ? publicAuthorities : `${renderedFolder}/${name}.ca.pem`,
    certificate: tls.certificate === undefined ? undefined : `${renderedFolder}/${name}.certificate.pem`,
    key: tls.key === undefined ? undefined : `${renderedFolder}/${name}.key.pem`,
  };
}

function tlsFiles(name: string, destination: Destination): readonly RenderedFile[] {
  if (!usesTls(destination)) return [];
  const { tls } = destination;
  const parts = { ca: tls.ca, certificate: tls.certificate, key: tls.key };
  return Object.entries(parts).flatMap(([part, content]) =>
    content === undefined
      ? []
      : [
          {
            path: `${renderedFolder}/${name}.${part}.pem`,
            content: `${content.trim()}\n`,
            mode: 0o640,
            group: logGroup,
          },
        ],
  );
}

function route(name: string, { filter }: Destination): string {
  const { severity, facilities, units } = filter;
  const conditions: string[] = [];
  if (severity !== 'debug') conditions.push(`$syslogseverity <= ${severities.indexOf(severity)}`);
  if (facilities.length > 0) conditions.push(either(facilities.map((each) => `$syslogfacility-text == "${each}"`)));
  if (units.length > 0) conditions.push(either(units.map(unitCondition)));
  const call = `call ${engineName(name)}`;
  return conditions.length === 0 ? call : `if ${conditions.join(' and ')} then ${call}`;
}

/**
 * The filter in the words of journalctl. It leaves out what is in the journal without severity or facility, which rsyslogd takes for notice
 * and daemon: counted in entries it reaches no less far back.
 */
function journalFilter({ severity, facilities, units }: Destination['filter']): readonly string[] {
  return [
    ...(severity === 'debug' ? [] : [`--priority=${severity}`]),
    ...(facilities.length === 0 ? [] : [`--facility=${facilities.join(',')}`]),
    ...units.map((unit) => `--unit=${unit}`),
  ];
}

function either(conditions: readonly string[]): string {
  return `(${conditions.join(' or ')})`;
}

function unitCondition(pattern: string): string {
  const text = pattern.replaceAll('\\', '\\\\');
  return text.endsWith('*') ? `$!_SYSTEMD_UNIT startswith "${text.slice(0, -1)}"` : `$!_SYSTEMD_UNIT == "${text}"`;
}
