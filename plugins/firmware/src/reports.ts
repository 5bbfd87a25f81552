import { ApplianceError, defineReports, type ErrorCode, type Report } from '@gemel/core/sdk';

export const firmwareReports = defineReports({
  'firmware.slots.absent': {
    severity: 'error',
    text: 'This machine has no firmware slots, so that nothing can be installed: it is a {kind}, or was not started by the boot loader of the image.',
  },
  'firmware.bundle.missing': {
    severity: 'error',
    text: 'There is no file {file} that Gemel can read. It does not see /home, /root and /tmp. Name a file of yours to have it sent, or copy the bundle to /var/lib/gemel/incoming.',
  },
  'firmware.bundle.unreadable': {
    severity: 'error',
    text: '{file} is not a whole firmware bundle: {reason}. Copy it again and compare its size with the original.',
  },
  'firmware.bundle.untrusted': {
    severity: 'error',
    text: '{file} is not signed by a key that this appliance trusts: {reason}. Use a bundle from whoever made this appliance.',
  },
  'firmware.bundle.damaged': {
    severity: 'error',
    text: '{file} is damaged: {reason}. Nothing was written. Copy it again.',
  },
  'firmware.bundle.other-product': {
    severity: 'error',
    text: '{file} is for {found}, and this appliance is {wanted}. Use the bundle for {wanted}.',
  },
  'firmware.bundle.other-hardware': {
    severity: 'error',
    text: '{file} is for the hardware profiles {profiles}, and this machine is {profile}. Use a bundle for {profile}.',
  },
  'firmware.bundle.no-rules': {
    severity: 'error',
    text: '{file} does not say which hardware and versions it is for: {reason}. Build it with `npm run bundle`.',
  },
  'firmware.version.needs-newer': {
    severity: 'error',
    text: 'Version {version} can only replace {minimum} or newer, and {running} is running. Install {minimum} first.',
  },
  'firmware.version.too-old': {
    severity: 'error',
    text: 'Version {version} is older than {oldest}, the oldest one that version {running} allows to go back to. Choose {oldest} or newer.',
  },
  'firmware.version.unconfirmed': {
    severity: 'error',
    text: '{question} Nothing was written. To go on: --confirm {step}.',
  },
  'firmware.slot.too-small': {
    severity: 'error',
    text: 'The image needs {need} MiB, and slot {slot} has {have} MiB. Use a smaller image, or install the appliance anew with larger slots.',
  },
  'firmware.settings.refused': {
    severity: 'error',
    text: 'Version {version} could not take over the settings: {reason}. Nothing was written. Change them, or choose another version.',
  },
  'firmware.trial.under-way': {
    severity: 'error',
    text: 'Slot {slot} runs for the first time and was not found healthy yet; the other slot is the way back. Wait some minutes: gemel firmware status.',
  },
  'firmware.install.failed': {
    severity: 'error',
    text: 'RAUC could not install {file}: {reason}. The running firmware is untouched. Install again, or see `journalctl -u rauc`.',
  },
  'firmware.install.interrupted': {
    severity: 'error',
    text: 'The installation of {file} was interrupted, and slot {slot} was not written to the end. The running firmware is untouched. Install again.',
  },
  'firmware.install.busy': {
    severity: 'error',
    text: 'RAUC is busy ({operation}). Wait until that has ended: rauc status.',
  },
  'firmware.rollback.nothing': {
    severity: 'error',
    text: 'Slot {slot} holds no firmware that could start: {reason}. Install a bundle instead: gemel firmware install FILE.',
  },
  'firmware.cluster.unfit': {
    severity: 'error',
    text: 'The cluster is not fit for it now: {reason}. {remedy}',
  },
  'firmware.rolling.not-carried': {
    severity: 'error',
    text: '{first} runs version {version} and does not carry everything: {resources}. {second} was not updated and left maintenance. See gemel cluster status, and move back what is needed: gemel cluster move.',
  },
  'firmware.rolling.stopped': {
    severity: 'error',
    text: 'Version {version} did not stay on {node}: {reason}. {node} runs the version before and left maintenance. {rest}',
  },
});

export function refusal(report: Report, code: ErrorCode = 'conflict'): ApplianceError {
  return new ApplianceError(code, report.text, { reports: [report] });
}
