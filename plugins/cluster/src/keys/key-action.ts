import { type AnyAction, ApplianceError, defineAction } from '@gemel/core/sdk';
import { z } from 'zod';
import { changeConfiguration } from '../formation/configuration-change.js';
import type { FormationParts } from '../formation/parts.js';
import type { Membership } from '../membership/membership.js';
import { freshKey } from './corosync-key.js';

export function keyAction(parts: FormationParts): AnyAction {
  return defineAction({
    kind: 'call',
    id: 'cluster.key.rotate',
    summary: 'Give the cluster a new key for what its nodes say to each other, without an interruption.',
    role: 'administrator',
    timeoutMs: 120_000,
    input: z.strictObject({}),
    output: z.object({ nodes: z.array(z.string()).describe('Host names of the nodes that have the new key.') }),
    present: ({ nodes }) => ({ kind: 'text', text: `${nodes.join(' and ')}: new key in use.`, tone: 'ok' }),
    async run() {
      await changeConfiguration(parts, mustBeTogether, { key: freshKey() });
      return { nodes: parts.membership.current.nodes.map(({ hostName }) => hostName) };
    },
  });
}

function mustBeTogether(current: Membership): Membership {
  if (current.phase === 'created' || current.phase === 'connected') return current;
  throw new ApplianceError('conflict', 'The key is changed while the cluster is together. Reconnect it first.');
}
