import { ScriptedSystem } from '@gemel/core/testing';
import { pairingHealth } from '#peer/pairing-health.js';
import test from 'ava';

const paired = { hostName: 'node2', fingerprint: 'f', addresses: [] };

test('a node of a pair is healthy without the other one, and not without the process that speaks to it', async (t) => {
  const system = new ScriptedSystem();
  t.deepEqual(await pairingHealth(system, { paired: undefined, reachable: false }), {
    healthy: true,
    reason: 'not paired',
  });
  t.deepEqual(await pairingHealth(system, { paired, reachable: false }), {
    healthy: false,
    reason: 'gemel-peer.service is inactive; see journalctl -u gemel-peer',
  });
  system.units.add('gemel-peer.service', 'active');
  t.deepEqual(await pairingHealth(system, { paired, reachable: false }), {
    healthy: true,
    reason: 'node2 does not answer',
  });
});
