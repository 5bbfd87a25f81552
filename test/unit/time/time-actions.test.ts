import type { Caller, SettingsAccess } from '@gemel/core/sdk';
import { timeActions } from '#time/actions.js';
import { type TimeSettings, timeSettingsSchema } from '#time/settings/schema.js';
import test from 'ava';

const caller: Caller = { name: 'local:jane', role: 'operator', surface: 'cli', connectedAt: 0 };

/** The actions over a draft in memory. */
function operator(servers: object) {
  const held = { draft: timeSettingsSchema.parse({ servers }) };
  // One section is all that these actions know, so the door is typed for it.
  const settings = {
    edit: async (_section: unknown, _caller: Caller, change: (before: TimeSettings) => TimeSettings) => {
      held.draft = timeSettingsSchema.parse(change(held.draft));
      return [];
    },
  } as unknown as SettingsAccess;
  // changing the draft asks nothing of the engine
  const actions = timeActions(settings, undefined as never);
  const run = async (id: string, input: object) => {
    const action = actions.find((each) => each.id === id);
    if (action?.kind !== 'call') throw new Error(`no call ${id}`);
    return action.run(action.input.parse(input), { caller, signal: new AbortController().signal });
  };
  return { run, held };
}

test('what is said of a server that is there changes that and nothing else', async (t) => {
  const { run, held } = operator({ 'a.example.org': { nts: true, iburst: false, minPoll: 8 } });
  await run('time.server.add', { server: 'a.example.org', maxPoll: 12 });
  const before = { pool: false, nts: true, prefer: false, iburst: false, minPoll: 8 };
  t.deepEqual(held.draft.servers, { 'a.example.org': { ...before, maxPoll: 12 } });
  await run('time.server.add', { server: 'a.example.org', nts: false });
  t.deepEqual(held.draft.servers['a.example.org'], { ...before, nts: false, maxPoll: 12 });
});

test('a new server has the defaults of the settings', async (t) => {
  const { run, held } = operator({});
  await run('time.server.add', { server: 'a.example.org', nts: true });
  t.deepEqual(held.draft.servers, {
    'a.example.org': { pool: false, nts: true, prefer: false, iburst: true, minPoll: 6, maxPoll: 10 },
  });
});
