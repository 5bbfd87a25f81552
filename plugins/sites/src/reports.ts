import { ApplianceError, defineReports, type ErrorCode, type Report } from '@gemel/core/sdk';

export const siteReports = defineReports({
  'sites.host.not-able': {
    severity: 'error',
    text: 'Sites run on an appliance only, and this host is a {kind}. Nothing was changed.',
  },
  'sites.role.not-active': {
    severity: 'error',
    text: 'This node does not hold the active role, and sites can be changed on the active node only. Sign in at the cluster IP address, or move the role here: gemel cluster move.',
  },
  'sites.volume.absent': {
    severity: 'error',
    text: 'The data volume is not mounted at {path}. Look at `systemctl status gemel-shared.service srv-gemel.mount`.',
  },
  'sites.site.unknown': { severity: 'error', text: 'There is no site {site}. See: gemel site list.' },
  'sites.site.exists': { severity: 'error', text: 'There is a site {site} already. Choose another name.' },
  'sites.site.damaged': { severity: 'error', text: 'Site {site}: {problem}' },
  'sites.site.busy': {
    severity: 'error',
    text: 'Site {site} is being {doing}. Wait until that has ended, or cancel it: gemel jobs list.',
  },
  'sites.site.running': {
    severity: 'error',
    text: 'Site {site} is running, and it cannot be {doing} while its data changes. Stop it first: gemel site stop {site}.',
  },
  'sites.site.not-started': {
    severity: 'error',
    text: 'Site {site} did not start: {reason} See `journalctl -u {unit}`.',
  },
  'sites.site.not-rendered': { severity: 'error', text: 'Site {site} cannot be prepared for systemd: {reason}' },
  'sites.site.no-previous': {
    severity: 'error',
    text: 'Site {site} has nothing to go back to: it was not updated, or the data of before was removed.',
  },
  'sites.port.none-free': {
    severity: 'error',
    text: 'All ports from {first} to {last} are taken by sites. Name another one with --port.',
  },
  'sites.port.taken': { severity: 'error', text: 'Port {port} belongs to site {site}. Choose another one.' },
  'sites.user.none-free': { severity: 'error', text: 'There are as many sites as can be, {count}. Delete one first.' },
  'sites.volume.full': {
    severity: 'error',
    text: '{path} has {free} MiB free, and {needed} MiB are needed for {what}. Make room first: delete sites, or the data that updates kept (gemel site keep).',
  },
  'sites.login.not-supported': {
    severity: 'error',
    text: 'Sites of type {type} {version} have no login of their own. Leave login and password out.',
  },
  'sites.login.incomplete': {
    severity: 'error',
    text: 'A login needs both a name and a password. Give the one that is missing.',
  },
  'sites.hook.failed': {
    severity: 'error',
    text: 'Site {site}: the step "{hook}" of {type} {version} failed and nothing was changed. It said: {said}',
  },
  'sites.update.not-healthy': {
    severity: 'error',
    text: 'Site {site} did not become healthy with {version} and is back at {previous}, with which it runs. {reason}',
  },
  'sites.update.stopped': {
    severity: 'error',
    text: 'Site {site} did not become healthy with {version} and is back at {previous}, with which it did not start either: it is stopped. {reason} When that is mended: gemel site start {site}.',
  },
  'sites.update.same-version': { severity: 'error', text: 'Site {site} is at version {version} already.' },
  'sites.version.unknown': {
    severity: 'error',
    text: '{type} {version} is not installed on this node. There are: {known}. Upload it: gemel site version upload.',
  },
  'sites.version.not-here': {
    severity: 'error',
    text: '{type} {version} is made for firmware {range}, and this is {firmware}. Choose another version or update the firmware.',
  },
  'sites.version.not-for-update': {
    severity: 'warning',
    text: '{type} {version} of {sites} is made for firmware {range}, not for {firmware}. Update before, to a version made for both, or afterwards: gemel site update.',
  },
  'sites.version.in-use': {
    severity: 'error',
    text: '{type} {version} is used by {sites}. Update or delete these sites first; data that an update kept counts too (gemel site keep).',
  },
  'sites.version.installed': {
    severity: 'error',
    text: '{type} {version} is installed already. Remove it first to replace it: gemel site version remove.',
  },
  'sites.version.invalid': {
    severity: 'error',
    text: '{file}: {field} {problem}. Ask who made the version for a correct one.',
  },
  'sites.version.file-unseen': {
    severity: 'error',
    text: '{path} is not there or cannot be seen by Gemel, which sees nothing of /root, /home and /tmp. Name files of yours to have them sent, or copy both files of the version to {incoming}.',
  },
  'sites.version.wrong-size': {
    severity: 'error',
    text: '{file} has {bytes} bytes instead of {expected}: it was cut off or is another file. Copy it again.',
  },
  'sites.version.damaged': {
    severity: 'error',
    text: '{file} is damaged: its SHA-256 is not the one that its description names. Copy it again.',
  },
  'sites.version.no-image': {
    severity: 'error',
    text: '{file} is not a usable image: {said} Ask who made the version for a correct one.',
  },
  'sites.version.differs': {
    severity: 'error',
    text: '{file} says in itself that it is {type} {version}, and its description names other things: {fields}. Ask who made the version for a correct one.',
  },
  'sites.peer.none': {
    severity: 'error',
    text: 'This device is not one of a pair: there is no other node to copy to.',
  },
  'sites.peer.lacks-version': {
    severity: 'error',
    text: 'The other node lacks {type} {version}, so that it could not take the site over. Copy it there: gemel site version copy.',
  },
});

/** An error that carries its report. */
export function refusal(report: Report, code: ErrorCode = 'conflict'): ApplianceError {
  return new ApplianceError(code, report.text, { reports: [report] });
}
