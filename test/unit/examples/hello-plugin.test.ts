import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSandbox } from '#core/kernel/compose-host.js';
import { ApplianceError, type Caller, type PublishedEvent } from '@gemel/core/sdk';
import test, { type ExecutionContext } from 'ava';
import { collectingLog } from '../kernel/collecting-log.js';

const example = join(import.meta.dirname, '../../../../examples/hello-plugin');
const caller: Caller = { name: 'local:test', role: 'administrator', surface: 'cli', connectedAt: 0 };

/** An appliance on the sandbox host with nothing but the built-in plugins, and a way to copy the example into its data folder. */
async function bootedAppliance(t: ExecutionContext) {
  const folder = await mkdtemp(join(tmpdir(), 'gemel-hello-'));
  const running = await startSandbox(folder, collectingLog().log);
  t.teardown(async () => {
    await running[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });
  const { appliance } = running;
  const events: PublishedEvent[] = [];
  appliance.bus.onAny('test', 'hello.', (_payload, event) => events.push(event));
  const invoke = async (action: string, input: object = {}) =>
    appliance.api.invoke({ action, input, view: false }, { caller, signal: AbortSignal.timeout(20_000) });
  return {
    events,
    invoke,
    install: async () => {
      await cp(example, join(folder, 'lib/plugins/hello-plugin'), { recursive: true });
      await invoke('plugin.rescan');
    },
    greeting: () => readFile(join(folder, 'root/run/gemel/hello/greeting.txt'), 'utf8').catch(() => undefined),
    condition: () => appliance.plugins.list().find(({ id }) => id === 'hello')?.condition,
    registered: async () => ({
      listeners: appliance.bus.listenerCount,
      statuses: appliance.status.definitions().length,
      actions: (await appliance.actions.describe('administrator')).length,
    }),
  };
}

test('copying the folder of the example installs it', async (t) => {
  const { install, invoke, condition } = await bootedAppliance(t);
  await install();
  t.is(condition(), 'active');
  t.deepEqual((await invoke('hello.greet', { name: 'World' })).output, { text: 'Hello, World.' });
  t.like((await invoke('status.show', { id: 'hello.greeting' })).output, { value: { text: null, greeted: 1 } });
});

test('its settings are verified, rendered, applied and taken away again', async (t) => {
  const { install, invoke, greeting, events } = await bootedAppliance(t);
  await install();
  await invoke('settings.set', { path: 'hello/enabled', value: 'true' });
  await invoke('settings.set', { path: 'hello/greeting', value: 'Hello from {place}.' });
  const refused = await t.throwsAsync(invoke('settings.activate'), { instanceOf: ApplianceError });
  t.deepEqual(
    refused?.reports.map(({ code, path, params }) => ({ code, path, params })),
    [
      {
        code: 'hello.greeting.unknown-place',
        path: 'hello/greeting',
        params: { place: '{place}', known: '{host}' },
      },
    ],
  );

  await invoke('settings.set', { path: 'hello/greeting', value: 'Hello from {host}.' });
  await invoke('settings.activate');
  t.is(await greeting(), 'Hello from gemel.\n');

  await invoke('device.host-name.set', { hostName: 'box7' });
  await invoke('settings.activate');
  t.is(await greeting(), 'Hello from box7.\n');

  await invoke('settings.unset', { path: 'hello' });
  await invoke('settings.activate');
  t.is(await greeting(), undefined);
  const told = events.filter(({ id }) => id === 'hello.greeting.changed').map(({ payload }) => payload);
  t.deepEqual(told, [{ text: 'Hello from gemel.' }, { text: 'Hello from box7.' }, { text: null }]);
});

test('its job can be cancelled', async (t) => {
  const { install, invoke } = await bootedAppliance(t);
  await install();
  const { job } = await invoke('hello.recite', { verses: 60 });
  await invoke('jobs.cancel', { id: job?.id });
  t.like((await invoke('jobs.show', { id: job?.id })).output, { state: 'cancelled' });
});

test('disabled, it leaves nothing behind but its settings', async (t) => {
  const { install, invoke, condition, registered } = await bootedAppliance(t);
  const before = await registered();
  await install();
  await invoke('settings.set', { path: 'hello/enabled', value: 'true' });
  await invoke('settings.activate');
  await invoke('plugin.disable', { id: 'hello' });
  t.is(condition(), 'disabled');
  t.deepEqual(await registered(), before);

  await invoke('plugin.enable', { id: 'hello' });
  t.like((await invoke('settings.show', { path: 'hello' })).output, { value: { enabled: true } });
});
