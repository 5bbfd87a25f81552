import { type AnyAction, defineAction } from '@gemel/core/sdk';
import { z } from 'zod';
import type { SharedSettings } from './shared-settings.js';
import { presentSync, settingsSync } from './sync-status.js';

const decided = z.object({ sections: z.array(z.string()).describe('Whose settings were decided.') });

/** `gemel peer settings …`. */
export function syncActions(shared: SharedSettings): readonly AnyAction[] {
  return [
    defineAction({
      kind: 'call',
      id: 'peer.settings.show',
      summary: 'Show whether both nodes have the same settings of cluster scope.',
      role: 'viewer',
      audited: false,
      input: z.strictObject({}),
      output: settingsSync.schema,
      present: presentSync,
      run: async () => shared.status,
    }),
    defineAction({
      kind: 'call',
      id: 'peer.settings.take-mine',
      summary: "Decide a conflict: this node's settings are right.",
      role: 'administrator',
      timeoutMs: 120_000,
      input: z.strictObject({}),
      output: decided,
      confirmation: "Overwrite the other node's settings of the sections that were changed on both?",
      present: ({ sections }) => ({
        kind: 'text',
        text: `Kept: ${sections.join(', ')}. The other node takes them over.`,
        tone: 'ok',
      }),
      run: async () => ({ sections: [...(await shared.decided().takeMine())] }),
    }),
    defineAction({
      kind: 'call',
      id: 'peer.settings.take-theirs',
      summary: "Decide a conflict: the other node's settings are right.",
      role: 'administrator',
      timeoutMs: 120_000,
      input: z.strictObject({}),
      output: decided,
      confirmation: "Overwrite this node's settings of the sections that were changed on both?",
      present: ({ sections }) => ({ kind: 'text', text: `Taken over: ${sections.join(', ')}.`, tone: 'ok' }),
      run: async () => ({ sections: [...(await shared.decided().takeTheirs())] }),
    }),
  ];
}
