/** A small seeded generator (mulberry32), so that a run can be repeated by its seed. @returns numbers in [0, 1). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** `--name N` of the command line, or the given number. */
export function numberOption(name: string, otherwise: number): number {
  const index = process.argv.indexOf(`--${name}`);
  if (index === -1) return otherwise;
  const value = Number(process.argv[index + 1]);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`--${name} takes a whole number`);
  return value;
}

/** `--name TEXT` of the command line, or the given text. */
export function textOption(name: string, otherwise: string): string {
  const index = process.argv.indexOf(`--${name}`);
  if (index === -1) return otherwise;
  const value = process.argv[index + 1];
  if (value === undefined) throw new Error(`--${name} takes a text`);
  return value;
}
