/** Call paths as files of other tools. */
import { collapsedStacks, costProfiles, stacksOf } from "../index.js";
import { pprofBytes } from "../profile/pprof-bytes.js";
import type { Player } from "./player.js";
import type { Answer, Argument } from "./protocol.js";

type CallPaths = Awaited<ReturnType<Player["callPaths"]>>;

/** As `zeropage profile` writes it. */
export async function profileFile(
  { root, costs: own }: CallPaths,
  { form, title, costs: asked }: Argument<"profile">,
): Promise<Answer<"profile">> {
  const costs = costProfiles.find(({ name }) => name === asked) ?? own;
  const stacks = stacksOf(root, costs);
  if (form === "stacks") return stacks;
  return form === "collapsed"
    ? collapsedStacks(stacks)
    : gzipped(pprofBytes(stacks, `${title}, ${costs.name}`));
}

async function gzipped(bytes: Uint8Array): Promise<Uint8Array> {
  const stream = new Blob([bytes as BlobPart]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
