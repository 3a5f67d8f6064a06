/** The command line with all that it has, in this process: nothing is fake but the streams, and no process has to start. */
import { runCommandLine } from "../../src/cli/program.js";
import { wholeLibrary } from "../../src/cli/whole-library.js";
import { captured, NO_PAGE, type Ran, streamOf } from "./fakes.js";

export async function runWhole(argv: readonly string[], input = ""): Promise<Omit<Ran, "asked">> {
  const [stdout, stderr] = [captured(), captured()];
  const given = { stdout, stderr, stdin: streamOf([input]), env: {}, version: "1.2.3", page: NO_PAGE };
  const code = await runCommandLine(argv, { ...given, library: wholeLibrary });
  return { code, stdout: stdout.text, stderr: stderr.text };
}
