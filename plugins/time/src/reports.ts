import { defineReports } from '@gemel/core/sdk';

export const timeReports = defineReports({
  'time.zone.unknown': {
    severity: 'error',
    text: 'Time zone {zone} is not known on this device. Enter an IANA name such as Europe/Berlin.',
  },
  'time.server.invalid-name': {
    severity: 'error',
    text: 'NTP server {server}: this is neither a host name nor an IP address. Correct or remove it.',
  },
  'time.server.own-address': {
    severity: 'error',
    text: 'NTP server {server}: {reason}. Enter a server that can be reached over the network.',
  },
  'time.server.duplicate': {
    severity: 'error',
    text: 'NTP server {server} is the same as {other}. Remove one of them.',
  },
  'time.server.pool-address': {
    severity: 'error',
    text: 'NTP server {server}: an address is one server and cannot be a pool. Switch off its pool setting.',
  },
  'time.server.poll-range': {
    severity: 'error',
    text: 'NTP server {server}: the shortest poll interval ({minPoll}) is longer than the longest ({maxPoll}). Exchange them.',
  },
  'time.server.nts-address': {
    severity: 'error',
    forceCode: 'nts-address',
    text: 'NTP server {server}: NTS checks a certificate, and those are rarely issued for addresses. Enter the server by name, or pass the force code if its certificate names this address.',
  },
  'time.server.few': {
    severity: 'warning',
    text: '{count} NTP server(s): with fewer than three, one that is wrong cannot be told from one that is right. Enter three or more.',
  },
  'time.server.mixed-authentication': {
    severity: 'warning',
    text: 'Some NTP servers use NTS and {plain} do(es) not. Those without are only followed while one with NTS answers and agrees. Use NTS for all or for none.',
  },
  'time.engine.absent': {
    severity: 'warning',
    text: '{engine} is not on this host. The setting is kept and takes effect where it is.',
  },
  'time.engine.stopped': {
    severity: 'warning',
    text: 'chrony does not run, so the clock is not corrected. Look at the log of chrony.service.',
  },
  'time.zone.not-applied': {
    severity: 'warning',
    text: 'The device is in time zone {actual} instead of {wanted}. Activate the time settings again.',
  },
  'time.server.none-answering': {
    severity: 'warning',
    text: 'No NTP server answered within {seconds} s. Look at `gemel time show` in a minute; check names, firewall (UDP 123, for NTS also TCP 4460) and network.',
  },
  'time.set.servers-configured': {
    severity: 'error',
    text: 'The clock follows {count} NTP server(s) and cannot be set by hand. Remove them first and activate.',
  },
});
