import { defineReports } from '@gemel/core/sdk';

export const dnsReports = defineReports({
  'dns.server.invalid-address': {
    severity: 'error',
    text: 'DNS server {server}: this is not an IPv4 or IPv6 address. Servers are entered by address, since names cannot be resolved without them.',
  },
  'dns.server.unusable-address': {
    severity: 'error',
    text: 'DNS server {server}: {reason}. Enter a server that can be reached over the network.',
  },
  'dns.server.duplicate': {
    severity: 'error',
    text: 'DNS server {server} is entered twice. Remove one of the two.',
  },
  'dns.server.many': {
    severity: 'warning',
    text: '{count} DNS servers: only one is asked at a time, and each dead one before it costs seconds. Three are enough.',
  },
  'dns.server.none': {
    severity: 'error',
    text: 'No DNS server is entered, and those of the interfaces are not used: no name could be resolved. Enter a server or switch useLinkServers on.',
  },
  'dns.server.tls-name-missing': {
    severity: 'warning',
    text: 'DNS server {server}: without a TLS name its certificate must name the address, which few do. Enter its tlsName.',
  },
  'dns.server.tls-name-unused': {
    severity: 'warning',
    text: 'DNS server {server} has a TLS name, but DNS over TLS is off. Set dnsOverTls or remove the name.',
  },
  'dns.tls.no-servers': {
    severity: 'warning',
    text: 'DNS over TLS is demanded of the servers that interfaces learn, which rarely offer it. Enter servers of your own with their TLS names.',
  },
  'dns.domain.invalid': {
    severity: 'error',
    text: '{domain} is not a domain name: labels have 1 to 63 letters, digits, "-" or "_" and are joined by dots. Correct or remove it.',
  },
  'dns.domain.duplicate': {
    severity: 'error',
    text: 'Search domain {domain} is entered twice. Remove one of the two.',
  },
  'dns.engine.absent': {
    severity: 'warning',
    text: 'systemd-resolved is not on this host. The settings are kept and take effect where it is.',
  },
  'dns.engine.differs': {
    severity: 'warning',
    text: 'systemd-resolved uses {actual} instead of {wanted}. Look at the log of systemd-resolved.service.',
  },
  'dns.server.none-answering': {
    severity: 'warning',
    text: 'None of the entered DNS servers answers: {reasons}. Check addresses, firewall (port 53, with TLS 853) and network.',
  },
});
