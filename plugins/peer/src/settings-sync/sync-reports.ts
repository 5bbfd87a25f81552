import { defineReports } from '@gemel/core/sdk';

export const syncReports = defineReports({
  'peer.settings.held': {
    severity: 'error',
    text: '{hostName} is activating settings for both nodes. Try again in a moment.',
  },
  'peer.settings.refused-there': { severity: 'error', text: 'On {hostName}: {reason}' },
  'peer.settings.later': {
    severity: 'info',
    text: '{hostName} does not answer. It takes over these settings when it is back.',
  },
});
