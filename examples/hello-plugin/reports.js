import { defineReports } from '@gemel/core/sdk';

/** Everything this plugin tells an operator: what, which, what to do. */
export const helloReports = defineReports({
  'hello.greeting.unknown-place': {
    severity: 'error',
    text: 'Greeting: {place} stands for nothing. Write {known}, or take the braces away.',
  },
  'hello.greeting.long': {
    severity: 'warning',
    text: 'Greeting: with {length} characters it does not fit into one line of 80. Shorten it.',
  },
  'hello.file.not-written': {
    severity: 'error',
    text: '{file} does not hold the greeting. Look for the program that changed it, then activate again.',
  },
});
