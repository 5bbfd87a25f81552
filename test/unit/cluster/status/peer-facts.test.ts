import { ScriptedSystem } from '@gemel/core/testing';
import type { PeerRequest, PeerService } from '@gemel/plugin-peer/contract';
import { PeerFactsWatch } from '#cluster/status/peer-facts.js';
import test from 'ava';

/** A node that answers what it is asked itself, or does not answer. */
function newPeer() {
  const { clock } = new ScriptedSystem();
  const state = { answers: true };
  let answer: (() => Promise<unknown>) | undefined;
  const peer = {
    paired: { hostName: 'node2', fingerprint: '', addresses: [] },
    handle(_request: unknown, handler: () => Promise<unknown>) {
      answer = handler;
      return { [Symbol.dispose]() {} };
    },
    async call({ output }: PeerRequest<unknown, unknown>) {
      if (!state.answers) throw new Error('It does not answer.');
      return output.parse(await answer?.());
    },
  } as unknown as PeerService; // only what the facts are asked by
  return { facts: new PeerFactsWatch(peer, clock), state };
}

test('knows of the other node what it says of itself, and nothing once it is silent', async (t) => {
  const { facts, state } = newPeer();
  facts.answer({
    version: async () => '0.1.0',
    memory: async () => ({ neededMiB: 700, availableMiB: 900 }),
    parted: async () => undefined,
    fencingTests: () => [],
    missingVersions: async () => ['pages 1.37.0'],
  });
  await facts.refresh();
  t.deepEqual(facts.current, {
    version: '0.1.0',
    clockOffsetMs: 0,
    memory: { neededMiB: 700, availableMiB: 900 },
    parted: undefined,
    fencingTests: [],
    missingVersions: ['pages 1.37.0'],
  });
  state.answers = false;
  await facts.refresh();
  t.like(facts.current, { version: undefined, missingVersions: [] });
});
