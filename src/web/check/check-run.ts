/** Checks a module as `zeropage check` does, in a jail, and tells what became of it in the same words. */
import { checklist } from "../../conformance/checklist.js";
import { checkModule } from "../../foreign.js";
import { type Chosen, MODULE_LIMITS } from "../protocol.js";

const SECONDS = 60;

/**
 * What the command line prints of it.
 * @throws ModuleError, ModuleTrap or LimitExceeded if it cannot be opened as an allocator; the reason of an aborted signal.
 */
export async function checkText(
  { choice, module, glue }: Chosen,
  onCase: (name: string, done: number, total: number) => void,
  signal: AbortSignal,
): Promise<string> {
  const source = module ? new Uint8Array(await module.arrayBuffer()) : choice.allocator;
  const names = await glue?.text();
  const report = await checkModule(source, {
    ...{ seconds: SECONDS, memoryBytes: MODULE_LIMITS.memoryBytes, onCase, signal },
    ...(names !== undefined && { glue: names }),
  });
  const { convention, findings } = report.module;
  const file = choice.allocator;
  const head = [
    `${file}: an allocator with the calling convention "${convention}"`,
    ...findings.map((finding) => `note: ${finding}`),
  ];
  return `${head.join("\n")}\n\n${checklist(report, { file })}`;
}
