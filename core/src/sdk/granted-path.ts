/**
 * Whether grants cover a path: absolute, without a way up, and one of them or below one. It goes by the name alone; where links lead
 * is for whoever may make them.
 */
export function isGranted(path: string, granted: readonly string[]): boolean {
  if (!path.startsWith('/') || path.split('/').includes('..')) return false;
  return granted.some((each) => path === each || path.startsWith(each.endsWith('/') ? each : `${each}/`));
}
