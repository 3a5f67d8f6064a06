import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { ownModule } from "../src/base/own-file.js";
import { models, runCallocLoop } from "../src/index.js";
import { interleave, time } from "./measure.js";
import { openNative } from "./native.js";

const MIB = 2 ** 20;
const COUNT = 10_000;
const ROUNDS = 7;

/** The command line, from its start to its end. */
const run =
  (...argv: string[]) =>
  () =>
    time(() => execFileSync(process.execPath, [cli, ...argv], { stdio: "ignore" }));

const cli = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));

/** Benfield's loop in the machine, the whole of `npm start`, and the real loop under the system's malloc. */
export async function benchLoop(): Promise<void> {
  // All rounds use one module, so that the first warms up the engine for the others.
  const modules = new Map<string, WebAssembly.Module>();
  for (const { name, file } of models) modules.set(name, await ownModule(file));
  const loop = (model: string, size: number) => async () => {
    const options = { module: modules.get(model) as WebAssembly.Module };
    return (
      (await runCallocLoop({ model, options, bytes: size * MIB, count: COUNT, written: 0 })).hostSeconds *
      1000
    );
  };
  const native = openNative();
  const figures = await interleave<string>(
    {
      "libmalloc, 100 MiB": loop("libmalloc", 100),
      "libmalloc, 1000 MiB": loop("libmalloc", 1000),
      "naive, 100 MiB": loop("naive", 100),
      "naive, 1000 MiB": loop("naive", 1000),
      "lazy, 100 MiB": loop("lazy", 100),
      "glibc, 100 MiB": loop("glibc", 100),
      "the whole of npm start, without npm": run("run", "calloc-loop"),
      "zeropage cliffs --allocator libmalloc": run("cliffs", "--allocator", "libmalloc"),
      "zeropage models": run("models"),
      ...(native && { "the system's malloc, 100 MiB": () => native.loop(100 * MIB, COUNT) }),
    },
    ROUNDS,
  );
  for (const [name, { median, spread }] of Object.entries(figures)) {
    console.log(`${name}: ${median.toFixed(1)} ms (± ${(spread * 100).toFixed(0)} %)`);
  }
  const [real, model] = [figures["the system's malloc, 100 MiB"], figures["glibc, 100 MiB"]];
  if (real && model)
    console.log(
      `the system's malloc takes ${(real.median / model.median).toFixed(1)} times as long as the model`,
    );
  native?.close();
  if (!native) console.log("no C compiler found: the system's malloc was not measured");
}
