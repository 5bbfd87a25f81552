import type { Definition } from './definition.js';

/**
 * Agents do not say in their metadata which of their parameters are secret; their authors' names for them do: `password`, `passwd` and
 * `snmp_priv_passwd` of the fencing agents, `community` of those over SNMP, `secret_key` and `token` of those of clouds.
 */
const secretName = /passw|passphrase|(^|_)pass(_|$)|secret|token|credential|community|(api|access|private)_?key/i;

/** A definition fit for people and programs: secrets may be set, and are never shown again. Pure. */
export function withoutSecrets(definition: Definition): Definition {
  const parameters = Object.entries(definition.parameters).map(([name, value]) => [
    name,
    secretName.test(name) ? '(secret)' : value,
  ]);
  return { ...definition, parameters: Object.fromEntries(parameters) };
}
