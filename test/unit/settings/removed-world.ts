import type { ActivationResult } from '#core/settings/activation/activation.js';
import { unsetPath } from '#core/settings/exchange/text-edit.js';
import { jane, World } from './world.js';

export const lanFile = '/run/systemd/network/10-lan.network';
export const keyFile = '/run/systemd/network/20-key.network';
export const ntpFile = '/etc/ntp/servers.conf';

/** Both sections have settings of their own; then the plugin of one is gone. */
export async function without(section: 'lan' | 'ntp'): Promise<World> {
  const world = await World.started();
  await world.edit('lan', { mtu: 9000, key: 'hush-hush' });
  await world.edit('ntp', { servers: ['old.example'], zone: 'Europe/Berlin' });
  await world.activate();
  await world.engine.confirm(jane);
  world.loaded = section === 'lan' ? ['ntp'] : ['lan'];
  await world.restart();
  world.forget();
  return world;
}

export function unset(world: World, path: string, caller = jane, baseRevision?: number) {
  return unsetPath(world.engine, { path, caller, baseRevision });
}

export function activate(world: World, confirmSeconds?: number): Promise<ActivationResult> {
  return world.engine.activateDraft({ comment: '', force: new Set(), confirmSeconds }, jane);
}

export const sections = (world: World) => [...world.engine.state.confirmed.document.keys()].sort();
export const pending = (world: World) => world.engine.state.draft?.changes.map(({ path, author }) => [path, author]);
export const ownedIds = (world: World) => [...world.engine.state.owned.owned.keys()].sort();
