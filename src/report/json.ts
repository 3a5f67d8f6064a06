/**
 * The number of the form that our JSON has. It goes up when a field goes or comes to mean something else. A new field
 * does not change it.
 */
export const SCHEMA = 1;

/** A record of ours after the number of its form and the version that made it, indented. Ends in a newline. */
export function jsonReport(record: object, version: string): string {
  return plainJson(headed(record, version));
}

/** A record after those two. One that was read says itself which version made it. */
export function headed<Kind extends object>(record: Kind, version: string): Kind & { schema: number } {
  const head = { schema: SCHEMA, version };
  return { ...head, ...record, schema: SCHEMA };
}

/** What has somebody else's form, indented. Ends in a newline. */
export function plainJson(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
