import { defineReports } from '../sdk/index.js';

/** The path of each is the field of the action's input. Nothing is kept of what is refused. */
export const uploadReports = defineReports({
  'core.upload.wrong-name': {
    severity: 'error',
    text: '{field}: {name} cannot be taken, because {reason}. Choose another file, or give it another name.',
  },
  'core.upload.empty': {
    severity: 'error',
    text: '{field}: {name} is empty. Choose another file.',
  },
  'core.upload.too-large': {
    severity: 'error',
    text: '{field}: {name} has {bytes} bytes, and {most} are the most that is taken. Choose another file.',
  },
  'core.upload.no-room': {
    severity: 'error',
    text: '{field}: {name} needs {needed} MiB, and {free} MiB are free for it on the volume of {folder}. Remove there what is not needed, such as older files of /var/lib/gemel/incoming.',
  },
  'core.upload.not-stored': {
    severity: 'error',
    text: '{field}: {name} could not be stored, and nothing of it was kept. {reason}',
  },
  'core.upload.too-long': {
    severity: 'error',
    text: '{field}: more came of {name} than the {bytes} bytes that were announced, and nothing of it was kept. Send it again when nothing writes to it any more.',
  },
  'core.upload.incomplete': {
    severity: 'error',
    text: '{field}: only {received} of the {bytes} bytes of {name} came. Send it again.',
  },
  'core.upload.gone': {
    severity: 'error',
    text: '{field}: what was sent is not there any more: it was used, its connection ended, or nothing was heard for {minutes} minutes. Send it again.',
  },
});
