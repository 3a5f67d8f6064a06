/** Where the records are, and the page that is made of them. */
import { readdirSync, readFileSync } from "node:fs";
import { ORDER_CASES, ORDER_OPERATIONS, ORDER_SEEDS } from "../libmalloc/order-cases.js";
import type { GoldenFile, GoldenSequences } from "../oracle/golden.js";
import { RELEASES } from "../pymalloc/reference.js";
import { referenceCount } from "../pymalloc/reference-cases.js";
import { formatPage, type Recorded } from "./page.js";
import { type Evidence, readEvidence } from "./records.js";
import { subjects } from "./subjects.js";

export const PAGE = new URL("../HOW-SURE.md", import.meta.url);

const GOLDEN = new URL("../golden/", import.meta.url);

/** The golden files of the real glibc, of all versions, and of pymalloc over it. */
function readGoldens(): Recorded[] {
  const folders = readdirSync(GOLDEN)
    .filter((name) => /^(glibc|pymalloc)/.test(name))
    .sort();
  return folders.flatMap((folder) => {
    const files = readdirSync(new URL(`${folder}/`, GOLDEN)).filter((name) => name.endsWith(".json"));
    return files.sort().map((file) => {
      const golden: GoldenFile | GoldenSequences = JSON.parse(
        readFileSync(new URL(`${folder}/${file}`, GOLDEN), "utf8"),
      );
      const subject = folder === "pymalloc" ? "pymalloc 3.11" : `glibc ${golden.glibc}`;
      return { subject, path: `golden/${folder}/${file}`, golden };
    });
  });
}

/** What order.test.ts holds to the reference, in every test run. */
function libmallocOrder(): Evidence[] {
  const versionOf = ({ options }: (typeof ORDER_CASES)[number]) =>
    "version" in options ? options.version : 116;
  return [...new Set(ORDER_CASES.map(versionOf))].map((version) => {
    const count = ORDER_CASES.filter((one) => versionOf(one) === version).length * ORDER_SEEDS.length;
    return {
      ...{ subject: `libmalloc ${version}`, against: "a second model, written from the same pages" },
      ...{
        inputs: "random programs, in every test run",
        count,
        operations: count * ORDER_OPERATIONS,
        differing: 0,
      },
    };
  });
}

/** What reference.test.ts holds to the second model, in every test run. */
function pymallocReference(): Evidence[] {
  const { count, operations } = referenceCount();
  return RELEASES.map(({ name }) => ({
    ...{ subject: `pymalloc ${name}`, against: "a second model, written from the same rules" },
    ...{ inputs: "random traces, in every test run", count, operations, differing: 0 },
  }));
}

export function pageOfRecords(): string {
  const evidence = [...readEvidence(), ...libmallocOrder(), ...pymallocReference()];
  return formatPage(subjects(), evidence, readGoldens());
}
