import { defineReports } from '../sdk/index.js';

export const accessReports = defineReports({
  'access.password.too-short': {
    severity: 'error',
    text: 'The password has {length} characters. Use at least {minimum}.',
  },
  'access.password.too-long': {
    severity: 'error',
    text: 'The password has {length} characters. Use at most {maximum}.',
  },
  'access.password.contains-user': {
    severity: 'error',
    text: 'The password contains the user name {user}. Choose another.',
  },
  'access.password.too-uniform': {
    severity: 'error',
    text: 'The password has only {different} different characters. Use at least {minimum}.',
  },
  'access.file.damaged': {
    severity: 'warning',
    text: 'The file {file} was damaged and is kept as {kept}. Create its {what} again.',
  },
  'access.file.unreadable': {
    severity: 'error',
    text: '{reason} The {what} in it are not in force. Repair or remove {file}, then: systemctl restart gemel-core',
  },
});
