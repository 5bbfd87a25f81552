import type { LinkFact } from '../settings/facts.js';
import type { NetworkSettings } from '../settings/schema.js';
import { z } from 'zod';

/** A name that the kernel takes; verify knows more. */
export const nameInput = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,15}$/, 'must be 1 to 15 letters, digits, ".", "_" or "-"')
  .meta({ examples: ['enp1s0', 'bond0'] });

/** Notes the permanent hardware addresses of NICs, so that their configuration follows them when they are renamed. */
export function withRecordedNics(
  settings: NetworkSettings,
  names: readonly string[],
  links: readonly LinkFact[],
): NetworkSettings {
  const recorded = { ...settings.links };
  for (const name of names) {
    const address = links.find((link) => link.name === name && link.nic)?.permanentAddress;
    const before = Object.hasOwn(recorded, name) ? recorded[name] : undefined;
    if (before?.hardwareAddress !== undefined || (address === undefined && before === undefined)) continue;
    recorded[name] = { ...before, ...(address === undefined ? {} : { hardwareAddress: address }) };
  }
  return { ...settings, links: recorded };
}
