/** The members of a numbered enumeration that both halves share, by the names our JSON has: Mmap is "mmap". */
export type NameOf<Members> = Uncapitalize<Exclude<keyof Members & string, "Count">>;

/** These names, each in the place that is its number. The numbers are 0 and up. */
export function namesOf<Members extends object>(members: Members): readonly NameOf<Members>[] {
  const names = Object.keys(members).filter((key) => Number.isNaN(Number(key)) && key !== "Count");
  return names.map((name) => name.charAt(0).toLowerCase() + name.slice(1)) as NameOf<Members>[];
}

/** A value for each of some names. */
export function recordOf<Name extends string, Value>(
  names: readonly Name[],
  value: (name: Name) => Value,
): Record<Name, Value> {
  return Object.fromEntries(names.map((name) => [name, value(name)])) as Record<Name, Value>;
}
