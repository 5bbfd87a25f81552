const namePattern = /^[A-Za-z][A-Za-z0-9._-]{0,14}$/;
/** The kernel and networkd use these for something else; `bonding_masters` is a file beside the interfaces in sysfs. */
const reservedNames = new Set(['lo', 'all', 'default', 'bonding_masters']);

/** Undefined when the kernel and networkd take the name. */
export function nameProblem(name: string): string | undefined {
  if (reservedNames.has(name)) return 'the system uses it for something else';
  if (name.length > 15) return `it has ${name.length} characters`;
  return namePattern.test(name) ? undefined : 'it does not start with a letter, or has a character that is not allowed';
}
