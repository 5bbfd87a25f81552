import type { SharedSettings } from '@gemel/core/sdk';
import { z } from 'zod';
import { definePeerRequest } from '../contract.js';

const checksums = z.record(z.string(), z.string());
const sections = z.array(z.string());

const sharedSettings: z.ZodType<SharedSettings> = z.object({
  scope: z.literal('cluster'),
  sections: z.record(z.string(), z.object({ version: z.int().positive(), settings: z.unknown() })),
  checksums,
  revision: z.number(),
  author: z.string(),
  at: z.number(),
});

/** One node's settings of cluster scope, by checksum, and what it knows of them. */
const stand = z.object({
  checksums,
  common: checksums,
  editable: z.enum(['here', 'there', 'both-were-active']),
  revision: z.number(),
  author: z.string(),
  at: z.number(),
});
export type Stand = z.output<typeof stand>;

/** Tells where this node stands and asks where the other does; both then see to it, each on its own side. */
export const compareSettings = definePeerRequest({
  id: 'peer.settings.compare',
  trust: 'pinned',
  input: stand,
  output: stand,
});

export const fetchSettings = definePeerRequest({
  id: 'peer.settings.fetch',
  trust: 'pinned',
  input: z.object({}),
  output: sharedSettings,
});

/** A person decided there: these sections of this node, as long as they are what that person saw, give way. */
export const giveWay = definePeerRequest({
  id: 'peer.settings.give-way',
  trust: 'pinned',
  input: z.object({ seen: checksums }),
  output: z.object({}),
});

const activation = z.object({ token: z.string(), after: sharedSettings });

/** First phase of a joint activation: verifies and holds the scope. */
export const prepareSettings = definePeerRequest({
  id: 'peer.settings.prepare',
  trust: 'pinned',
  input: activation,
  output: z.object({ problems: z.array(z.object({ path: z.string(), text: z.string() })) }),
  timeoutMs: 40_000,
});

/** Second phase: takes them into force and confirms them. */
export const commitSettings = definePeerRequest({
  id: 'peer.settings.commit',
  trust: 'pinned',
  input: activation,
  output: z.object({ revision: z.number() }),
  timeoutMs: 45_000,
});

/** It came to nothing on the other node: lets go, and goes back when it was taken into force here. */
export const abandonSettings = definePeerRequest({
  id: 'peer.settings.abandon',
  trust: 'pinned',
  input: z.object({ token: z.string(), before: sharedSettings, after: sections }),
  output: z.object({}),
  timeoutMs: 45_000,
});
