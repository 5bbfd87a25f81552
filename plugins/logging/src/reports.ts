import { defineReports } from '@gemel/core/sdk';

export const loggingReports = defineReports({
  'logging.destination.invalid-host': {
    severity: 'error',
    text: 'Log destination {destination}: {host} is neither a host name nor an IP address. Correct its host.',
  },
  'logging.destination.own-address': {
    severity: 'error',
    text: 'Log destination {destination}: {host} is this device itself, whose log would go round for ever. Enter the receiver.',
    forceCode: 'own-address',
  },
  'logging.destination.duplicate': {
    severity: 'error',
    text: 'Log destination {destination} is the same receiver as {other}. Remove one of them, or put both filters into one.',
  },
  'logging.destination.key-without-certificate': {
    severity: 'error',
    text: 'Log destination {destination}: a {given} is entered without a {missing}. Enter both or none.',
  },
  'logging.destination.certificate-unreadable': {
    severity: 'error',
    text: 'Log destination {destination}: the {what} cannot be read: {reason}. Enter it as PEM text.',
  },
  'logging.destination.key-differs': {
    severity: 'error',
    text: 'Log destination {destination}: the private key does not belong to the certificate. Enter the pair that belongs together.',
  },
  'logging.destination.certificate-expired': {
    severity: 'warning',
    text: 'Log destination {destination}: the {what} expired on {date}. Renew it; the receiver is not sent anything until then.',
  },
  'logging.destination.any-name': {
    severity: 'warning',
    text: 'Log destination {destination}: {host} is an address and no name is entered, so every certificate of the authority is accepted. Enter the name of its certificate.',
  },
  'logging.destination.tls-unused': {
    severity: 'warning',
    text: 'Log destination {destination}: certificates are entered, and the protocol {protocol} does not use them. Choose tls or relp-tls, or remove them.',
  },
  'logging.destination.in-clear': {
    severity: 'info',
    text: 'Log destination {destination}: {protocol} sends the log unencrypted. Use tls or relp-tls where the network is not trusted.',
  },
  'logging.queues.too-large': {
    severity: 'error',
    text: 'The queues of all log destinations may take {queues} MB and the log itself {journal} MB, more than three quarters of the {volume} MB of the data volume. Make them smaller.',
    forceCode: 'queues-too-large',
  },
  'logging.engine.absent': {
    severity: 'warning',
    text: '{engine} is not on this host. The setting is kept and takes effect where it is.',
  },
  'logging.engine.stopped': {
    severity: 'error',
    text: 'rsyslogd did not stay up with these settings. See: journalctl -u gemel-log-forwarding.service',
  },
});
