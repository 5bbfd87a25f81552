import { join } from 'node:path';
import { describePluginConformance } from '@gemel/core/testing';
import test from 'ava';

const repository = join(import.meta.dirname, '../../..');
const plugin = (id: string) => join(repository, 'plugins', id);

const entry = `__REALTIME_TIMESTAMP=1795312000000000
_HOSTNAME=gemel
_SYSTEMD_UNIT=ssh.service
SYSLOG_IDENTIFIER=sshd
_PID=42
PRIORITY=5
MESSAGE=Server listening on :: port 22.

`;

describePluginConformance(test, plugin('logging'), {
  with: [plugin('peer')],
  world: {
    engines: 'model',
    script: (commands) => {
      const options = ['--quiet', '--output=export', /^--output-fields=/, '--reverse', /^--lines=/];
      commands.always(['journalctl', ...options], entry);
    },
  },
});
