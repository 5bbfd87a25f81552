/** Where a JSON parser stopped. Its own words quote what it read, which may be a secret, and go to the audit log with the failure. */
export function jsonProblem(failure: unknown): string {
  const message = failure instanceof Error ? failure.message : '';
  const place = /\(line (\d+) column (\d+)\)$/.exec(message);
  if (place !== null) return `line ${place[1]}, column ${place[2]} is not as it must be`;
  return message.includes('end of JSON')
    ? 'its end is missing'
    : 'a text without quotes, or a sign that does not belong';
}
