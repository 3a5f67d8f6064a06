/** The members of an enumeration that AssemblyScript and TypeScript share, as our JSON writes them: Mmap is "mmap". */
export type NameOf<Members> = Uncapitalize<Exclude<keyof Members & string, "Count">>;

/** These names in the order of their numbers, which count up from 0. */
export function namesOf<Members extends object>(members: Members): readonly NameOf<Members>[] {
  const names = Object.keys(members).filter((key) => Number.isNaN(Number(key)) && key !== "Count");
  return names.map((name) => name.charAt(0).toLowerCase() + name.slice(1)) as NameOf<Members>[];
}

/** An object with a value for each of the names. */
export function recordOf<Name extends string, Value>(
  names: readonly Name[],
  value: (name: Name) => Value,
): Record<Name, Value> {
  return Object.fromEntries(names.map((name) => [name, value(name)])) as Record<Name, Value>;
}
