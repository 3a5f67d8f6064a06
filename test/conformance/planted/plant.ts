/** Plants bugs into a small allocator: one compilation has all of them, and a number in the module says which one acts. */
import asc from "assemblyscript/asc";

/** An allocator in AssemblyScript, and its bugs. */
export interface Planted {
  source: string;
  /** What is wrong, the code that is changed (it is there once), and what it is changed to. */
  bugs: readonly (readonly [what: string, code: string, instead: string])[];
}

/** Stands in the binary for the number of the bug. As LEB128 it has four bytes. */
const MARKER = 123_456_789;
const MARKER_BYTES = Buffer.from([0x95, 0x9a, 0xef, 0x3a]);

/** Compiles it. The result makes the module with one bug, by its index; without one, the module without any. */
export async function plant({ source, bugs }: Planted): Promise<(bug?: number) => Uint8Array> {
  const wasm = await compile(`export let bug: i32 = ${MARKER};\n${woven(source, bugs)}`);
  const at = wasm.indexOf(MARKER_BYTES);
  if (at < 0 || wasm.indexOf(MARKER_BYTES, at + 1) >= 0)
    throw new Error("the module has no one place for a bug");
  return (bug = -1) => {
    const number = bug + 1;
    const planted = Uint8Array.from(wasm);
    planted.set([(number & 0x7f) | 0x80, (number >> 7) | 0x80, 0x80, 0], at);
    return planted;
  };
}

/** The source, with every change beside the code that it changes. */
function woven(source: string, bugs: Planted["bugs"]): string {
  const byCode = new Map<string, { instead: string; number: number }[]>();
  for (const [index, [, code, instead]] of bugs.entries())
    byCode.set(code, [...(byCode.get(code) ?? []), { instead, number: index + 1 }]);
  let text = source;
  for (const [code, changes] of byCode) {
    if (text.split(code).length !== 2) throw new Error(`not there once: ${code}`);
    text = text.replace(code, () => choice(code, changes));
  }
  return text;
}

function choice(code: string, changes: readonly { instead: string; number: number }[]): string {
  const condition = /^(if|while) \((.*)\)( \{)?$/s.exec(code);
  if (condition) {
    const inner = (text: string) => /^(?:if|while) \((.*?)\)(?: \{)?$/s.exec(text)?.[1] ?? text;
    const chosen = chosenValue(
      inner(code),
      changes.map(({ instead, number }) => ({ instead: inner(instead), number })),
    );
    return `${condition[1]} (${chosen})${condition[3] ?? ""}`;
  }
  if (!/[;}]\s*$/.test(code)) return chosenValue(code, changes);
  const branches = changes.map(({ instead, number }) => `if (bug == ${number}) { ${instead} } else `);
  return `${branches.join("")}{ ${code} }\n`;
}

function chosenValue(code: string, changes: readonly { instead: string; number: number }[]): string {
  return `(${changes.map(({ instead, number }) => `bug == ${number} ? (${instead}) : `).join("")}(${code}))`;
}

async function compile(source: string): Promise<Buffer> {
  let wasm: Uint8Array | undefined;
  const flags = ["index.ts", "-O2", "--runtime", "stub", "--outFile", "out.wasm"];
  const { error, stderr } = await asc.main(flags, {
    readFile: (path) => (path === "index.ts" ? source : null),
    writeFile: (_, contents) => {
      wasm = contents as Uint8Array;
    },
    listFiles: () => [],
  });
  if (error || !wasm) throw new Error(`${error?.message}\n${stderr.toString()}`);
  return Buffer.from(wasm);
}
