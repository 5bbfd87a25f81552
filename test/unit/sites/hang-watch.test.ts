import type { EventDefinition, EventsAccess, Logger } from '@gemel/core/sdk';
import { ScriptedSystem } from '@gemel/core/testing';
import { HangWatch } from '#sites/run/hang-watch.js';
import test from 'ava';

const folder = '/run/gemel/site-hangs';

function newWatch(system: ScriptedSystem) {
  const told: unknown[] = [];
  const events = {
    publish: ({ id }: EventDefinition<unknown>, payload: object) => void told.push({ id, ...payload }),
  } as unknown as EventsAccess; // the watch only publishes
  const log: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  return { told, watch: new HangWatch({ files: system.files, events, log }) };
}

/** The store answers in later turns of the event loop. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 20));

test('tells once of each site that hung, also while core was away', async (t) => {
  const system = new ScriptedSystem();
  await system.files.write(`${folder}/shop`, '/shop/ answers nothing instead of 200\n');
  const { told, watch } = newWatch(system);
  await settle();
  const reason = 'Asked twice, /shop/ answers nothing instead of 200.';
  t.deepEqual(told, [{ id: 'sites.hung', site: 'shop', reason }]);
  await system.files.write(`${folder}/wiki`, 'nothing listens at port 8002\n');
  await settle();
  t.deepEqual(told.slice(1), [
    { id: 'sites.hung', site: 'wiki', reason: 'Asked twice, nothing listens at port 8002.' },
  ]);
  t.deepEqual(await system.files.list(folder), []);
  watch[Symbol.dispose]();
});

test('what is still being written is left alone', async (t) => {
  const system = new ScriptedSystem();
  await system.files.write(`${folder}/.shop`, '');
  const { told, watch } = newWatch(system);
  await settle();
  t.deepEqual(told, []);
  t.deepEqual(await system.files.list(folder), ['.shop']);
  watch[Symbol.dispose]();
});
