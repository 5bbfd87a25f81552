import { defineReports } from '@gemel/core/sdk';

export const deviceReports = defineReports({
  'device.host-name.invalid': {
    severity: 'error',
    text: 'Host name {name}: {reason}. Use 1 to 63 letters, digits and "-", with a letter or digit at both ends.',
  },
  'device.host-name.has-domain': {
    severity: 'error',
    text: 'Host name {name} contains a domain. Enter {hostName} as host name and {domain} as domain.',
  },
  'device.domain.invalid': {
    severity: 'error',
    text: 'Domain {domain}: {reason}. Each label has 1 to 63 letters, digits and "-", with a letter or digit at both ends.',
  },
  'device.name.too-long': {
    severity: 'error',
    text: '{name} has {length} characters, and Linux allows 64 for host name and domain together. Shorten one of them.',
  },
  'device.engine.absent': {
    severity: 'warning',
    text: 'systemd-hostnamed is not on this host. The name is kept and takes effect where it is.',
  },
  'device.host-name.not-applied': {
    severity: 'warning',
    text: 'The device is called {actual} instead of {wanted}. Activate the device settings again.',
  },
  'device.power.activation-pending': {
    severity: 'error',
    text: 'A change of settings is not confirmed yet and would be taken back by the restart. First: gemel settings confirm, or undo. To restart all the same, pass `force`.',
  },
});
