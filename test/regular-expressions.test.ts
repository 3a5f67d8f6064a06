/**
 * Every regular expression takes time linear in the text, whatever that is: names in modules, lines of traces and links are
 * other people's. recheck decides it from the expression's automaton.
 */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { checkSync } from "recheck";
import { parseAst } from "vite";
import { expect, test } from "vitest";

const DIST = fileURLToPath(new URL("../dist", import.meta.url));

/** What recheck cannot decide, and why it is linear all the same. */
const DECIDED_BY_HAND: readonly (readonly [RegExp, string])[] = [
  [
    /^\s{0,10}\d{1,10} +\S{1,40} +(CALL|RET|NAMI|PSIN) /,
    "it begins at the line's start, and only one blank run is unbounded at a time",
  ],
  [/^[\s\S]{0,1000}==\d+==\s?ERROR: (Address|Leak|Memory|HWAddress)Sanitizer/, "1000 beginnings at most"],
  [
    /^\s{0,10}\d{1,10}: ?(malloc|calloc|realloc|memalign|free|thread_done) 0x[0-9a-f]{1,16}( \d+){0,4}/,
    "a blank must stand between the numbers",
  ],
  [
    /(?<![\w$])[\w$]+(?:\.[\w$]+|\[["'][\w$]+["']\])*(?:\.([\w$]+)|\[["']([\w$]+)["']\])/,
    "it begins at a word's start, and is given 200 characters",
  ],
  [
    /(?:["']|(?<![\w$]))([\w$]+)["']?\s*:\s*_([\w$]+)/,
    "it begins at a word's start or its quote, and words and blanks follow in turn",
  ],
  [/^(.*::)?(?=__rust_)/, "it looks at a few characters for each :: of one name"],
  [/(?<![^\s(@])([^\s(@]+):wasm-function\[(\d+)\]/, "it begins at a word's start"],
];
const decided = new Set(DECIDED_BY_HAND.map(([{ source }]) => source));

interface Literal {
  type: string;
  regex?: { pattern: string; flags: string };
}

/** The literals of a file. */
function literals(path: string): { pattern: string; flags: string }[] {
  const found: { pattern: string; flags: string }[] = [];
  const visit = (node: unknown): void => {
    if (node === null || typeof node !== "object") return;
    const { type, regex } = node as Literal;
    if (type === "Literal" && regex) found.push(regex);
    for (const child of Object.values(node)) visit(child);
  };
  visit(parseAst(readFileSync(path, "utf8").replace(/^#!.*/, "")));
  return found;
}

const isOurs = (path: string) => !/^(web|libraries)\//.test(path);
const expressions = new Map(
  readdirSync(DIST, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".js") && isOurs(path))
    .flatMap((path) => literals(`${DIST}/${path}`).map((one) => [one.pattern, { ...one, path }] as const)),
);

test("regular expressions take linear time, whatever the text is", () => {
  expect(expressions.size).toBeGreaterThan(100);
  const slow: string[] = [];
  for (const [pattern, { flags, path }] of expressions) {
    if (decided.has(pattern)) continue;
    const { status } = checkSync(pattern, flags, { checker: "automaton", timeout: 60_000 });
    if (status !== "safe") slow.push(`${path}: /${pattern}/${flags} is ${status}`);
  }
  expect(slow).toEqual([]);
});

test("the check finds an expression that takes quadratic time", () => {
  const { status } = checkSync(String.raw`\s*\n\s*`, "g", { checker: "automaton" });
  expect(status).toBe("vulnerable");
});

test("what was decided by hand is still there", () => {
  for (const pattern of decided) expect(expressions.has(pattern), pattern).toBe(true);
});
