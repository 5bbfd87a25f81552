import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ActionDescriptor } from '../../core/dist/ipc/core-api.js';
import { startSandbox } from '../../core/dist/kernel/compose-host.js';
import { SettingsPart } from '../../core/dist/kernel/settings-part.js';
import type { Logger, Section, StatusDefinition } from '../../core/dist/sdk/index.js';
import { type Definitions, readDefinitions } from './definitions.ts';

/** What the reference is made of: everything that an appliance with all built-in plugins declares. */
export interface Material {
  readonly actions: readonly ActionDescriptor[];
  readonly sections: readonly Section<unknown, unknown>[];
  readonly statuses: readonly StatusDefinition<unknown>[];
  readonly definitions: Definitions;
}

/** Boots an appliance on the sandbox host in a folder of its own and asks it. @throws when a plugin does not become active. */
export async function readMaterial(repository: string): Promise<Material> {
  const folder = await mkdtemp(join(tmpdir(), 'gemel-docs-'));
  try {
    await using running = await startSandbox(folder, quietLog());
    const { appliance } = running;
    const plugins = appliance.plugins.list();
    const lame = plugins.filter(({ condition }) => condition !== 'active');
    if (lame.length > 0)
      throw new Error(lame.map(({ id, condition, reason }) => `plugin ${id} is ${condition}: ${reason}`).join('\n'));
    if (!(appliance.settings instanceof SettingsPart))
      throw new Error('the settings engine is another one than expected');
    return {
      actions: await appliance.api.describe('administrator'),
      sections: [...appliance.settings.engine.state.sections.all()].sort((a, b) => (a.id < b.id ? -1 : 1)),
      statuses: [...appliance.status.definitions()].sort((a, b) => (a.id < b.id ? -1 : 1)),
      definitions: await readDefinitions(repository, plugins.map(({ id }) => id).sort()),
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Only what stops the appliance matters here, and that is thrown. */
function quietLog(): Logger {
  const nothing = () => {};
  return { debug: nothing, info: nothing, warn: nothing, error: nothing };
}
