/** Rendered files, read by rsyslogd. gemel-log-forwarding.service names the same. */
export const renderedFolder = '/run/gemel/rsyslog';
export const rsyslogFile = `${renderedFolder}/rsyslog.conf`;
/** Names of destinations that are all switched off; their queues stay. */
export const keptQueuesFile = `${renderedFolder}/kept-queues`;

/** rsyslogd's own folders: what it reads now and its figures; its queues and its place in the journal, on the data volume. */
export const runtimeFolder = '/run/gemel-log';
export const inForceFile = `${runtimeFolder}/rsyslog.conf`;
export const statisticsFile = `${runtimeFolder}/statistics`;
export const olderStatisticsFile = `${runtimeFolder}/statistics.1`;
/** The volume of the device's own data, which both are on. */
export const dataVolume = '/data';
export const queueFolder = '/data/log-queues';

/** The user and group of rsyslogd, which must read keys. */
export const logGroup = 'gemel-log';
export const forwardingUnit = 'gemel-log-forwarding.service';

export const journaldFile = '/run/systemd/journald.conf.d/50-gemel.conf';
/** What journald read when it was started last; gemel-journal.service writes the same. */
export const journaldInForce = '/run/gemel/journal-in-force';
export const journaldUnit = 'systemd-journald.service';
