/** All areas, and whether their mutants still fit the sources. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { freeBlocks } from "./free-blocks.js";
import { glibc, glibcReleases, glibcThreads } from "./glibc.js";
import { heap, heapWithin } from "./heap.js";
import { jemalloc } from "./jemalloc.js";
import { libmalloc } from "./libmalloc.js";
import { machine } from "./machine.js";
import { mimalloc } from "./mimalloc.js";
import { type Area, plant } from "./mutants.js";
import { foreign, lazy, naive, replay } from "./others.js";
import { pymalloc } from "./pymalloc.js";
import { recorder } from "./recorder.js";
import { tcmalloc } from "./tcmalloc.js";

export const AREAS: readonly Area[] = [
  ...[
    machine,
    glibc,
    glibcThreads,
    glibcReleases,
    libmalloc,
    jemalloc,
    mimalloc,
    pymalloc,
    tcmalloc,
    lazy,
    naive,
  ],
  ...[freeBlocks, replay, foreign, recorder, heap, heapWithin],
];

/** Every mutant of the areas whose text is not in its file below `root` once. */
export function staleIn(root: string, areas: readonly Area[]): string[] {
  return areas.flatMap(({ name, mutants }) =>
    mutants.flatMap((mutant, i) => {
      try {
        plant(readFileSync(join(root, mutant.file), "utf8"), mutant);
        return [];
      } catch (error) {
        return `${name} ${i + 1} is stale: ${mutant.file}: ${error instanceof Error ? error.message : error}`;
      }
    }),
  );
}
