/** Marks that say more than a name: the program grows the memory for itself, as wasm lets it, behind the allocator's back. */

const GROWTH = /^memory\.grow (\d+)( #\d+)?$/;

/** The name of the mark for so many pages of 64 KiB. `number` is another for each of a trace, as names are there once. */
export function growthMark(pages: number, number: number): string {
  return `memory.grow ${pages} #${number}`;
}

/** So many pages a mark of this name grows the memory by; undefined if it is another. */
export function pagesOfMark(name: string): number | undefined {
  const pages = GROWTH.exec(name)?.[1];
  return pages === undefined ? undefined : Number(pages);
}
