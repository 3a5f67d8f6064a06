/**
 * Inlines the functions named here at every place of use, as the decorator `@inline` would. TypeScript's own
 * tools do not parse that decorator on functions. Every operation goes through these functions, and they are
 * as short as a call.
 */
import { ClassDeclaration, FunctionDeclaration, Node } from "assemblyscript";

/** Names of functions by source file. @type {Record<string, readonly string[]>} */
export const INLINED = {
  "assembly/driver.ts": ["checkPointer", "free", "hold", "step", "DriverStep.run"],
  "assembly/face.ts": ["allocateBlock", "malloc", "release"],
  "assembly/heap/classes.ts": ["classAt", "classFor"],
  "assembly/heap/heap.ts": ["tagOfBlock"],
  "assembly/heap/slots.ts": ["takeSlot", "takeOf", "giveSlot", "liveBit"],
  "assembly/heap/spans.ts": ["spanAt"],
  "assembly/heap/units.ts": ["placeOf", "tagAt", "kindOf", "unitsOf"],
  "assembly/machine/access.ts": [
    ...[
      "changeAt",
      "hostOf",
      "hostOfDirect",
      "isDirect",
      "loadAt",
      "pairAt",
      "replaceAt",
      "storeAt",
      "storePairAt",
    ],
  ],
  "assembly/machine/paths.ts": ["call", "enter", "leave", "program"],
  "assembly/machine/translation.ts": [
    ...["entryAt", "granuleAndAlignment", "hostIn", "letsBoth", "letsRead", "letsWrite"],
  ],
  "assembly/allocators/glibc/arenas.ts": ["enterMine", "enterOwner", "isMain"],
  "assembly/allocators/glibc/bins.ts": [
    ...["nextOf", "previousOf", "setNext", "setPrevious", "linksIn", "replaceNext", "replacePrevious"],
    ...["nextSizeOf", "previousSizeOf", "setNextSize", "setPreviousSize", "binNumber", "removeLast"],
    ...["insertBetween", "addUnsorted", "setSizes"],
  ],
  "assembly/allocators/glibc/chunk.ts": [
    ...["headOf", "setHead", "sizeOf", "setSize", "beforeOf", "setBefore", "isInUse", "markInUse", "own"],
  ],
  "assembly/allocators/glibc/fastbins.ts": ["belongs", "linkOf", "take"],
  "assembly/allocators/glibc/heap.ts": ["topSize"],
  "assembly/allocators/glibc/index.ts": [
    ...["ready", "handOut", "take", "takeCached", "requestSize", "Model.free", "Model.malloc"],
  ],
  "assembly/allocators/glibc/allocate.ts": ["splitOff", "allocateForThread"],
  "assembly/allocators/glibc/release.ts": ["release", "takeFast"],
  "assembly/allocators/glibc/tcache.ts": [
    ...["hostAt", "countOffset", "countAt", "entryOffset", "entryAt", "isEmpty", "letsMore", "hasRoom"],
    ...["put", "putAt", "putDirectly", "refuseDouble", "take", "takeAt", "takeDirectly"],
  ],
  "assembly/allocators/jemalloc/arena.ts": ["arenaAt"],
  "assembly/allocators/jemalloc/cache.ts": [
    ...["keep", "keeps", "itemAt", "pop", "stackOf", "takeLarge", "takeSmall"],
  ],
  "assembly/allocators/jemalloc/classes.ts": ["indexOf", "sizeOf"],
  "assembly/allocators/jemalloc/events.ts": ["noteAllocated", "noteFreed"],
  "assembly/allocators/jemalloc/index.ts": [
    ...["allocate", "allocated", "extentOf", "giveBlock", "takeSmall", "Model.free", "Model.malloc"],
  ],
  "assembly/allocators/jemalloc/radix.ts": ["extentAt", "leafOf", "wordIn"],
  "assembly/allocators/jemalloc/ticker.ts": ["tick"],
  "assembly/allocators/mimalloc/index.ts": [...["allocate", "give", "pageOf", "Model.free", "Model.malloc"]],
  "assembly/allocators/mimalloc/page.ts": ["give", "take"],
  "assembly/allocators/mimalloc/queues.ts": ["frontFor", "frontOf", "queueAt"],
  "assembly/allocators/mimalloc/segment.ts": ["entryOf", "pageIn", "recordAt", "segmentOf", "spanOf"],
  "assembly/allocators/pymalloc/address-map.ts": ["has", "inBottom", "inMiddle", "isIn", "rootAt"],
  "assembly/allocators/pymalloc/arenas.ts": ["isOurs"],
  "assembly/allocators/pymalloc/index.ts": [
    ...["isOurs", "isSmall", "takeSmall", "allocate", "Model.malloc", "Model.free"],
  ],
  "assembly/allocators/pymalloc/pool.ts": ["blockBytes", "give", "nextBlock", "take"],
  "assembly/allocators/pymalloc/small.ts": ["firstOf", "give", "poolOf", "take", "takeOf"],
  "assembly/allocators/tcmalloc/classes.ts": ["classOf"],
  "assembly/allocators/tcmalloc/index.ts": ["allocate", "spanOf", "Model.free", "Model.malloc"],
  "assembly/allocators/tcmalloc/page-map.ts": ["leafOf", "spanAt", "wordIn"],
  "assembly/allocators/tcmalloc/thread-cache.ts": ["give", "listOf", "take"],
  "assembly/allocators/libmalloc/region.ts": ["charge", "magazineOf"],
  "assembly/allocators/libmalloc/word-blocks.ts": [
    ...["wordOf", "mayStayClean", "WordBlocks.isLive", "WordBlocks.freeAt", "WordBlocks.markLive"],
    ...["WordBlocks.nextOf", "WordBlocks.previousOf", "WordBlocks.setNext", "WordBlocks.setPrevious"],
  ],
  "assembly/allocators/libmalloc/tiny-blocks.ts": [
    ...["bitsOf", "setBits", "TinyBlocks.isLive", "TinyBlocks.markFree", "TinyBlocks.unmark"],
    ...["TinyBlocks.nextOf", "TinyBlocks.previousOf", "TinyBlocks.setNext", "TinyBlocks.setPrevious"],
    ...["TinyBlocks.setLinks", "TinyBlocks.freeAt", "TinyBlocks.markLive"],
  ],
};

/**
 * A hook of asc that runs after it has parsed.
 * @param {import("assemblyscript").Parser} parser
 */
export function inlineFunctions(parser) {
  for (const { normalizedPath, statements } of parser.sources) {
    const functions = new Map(statements.flatMap(functionsIn));
    for (const name of INLINED[normalizedPath] ?? []) {
      const declaration = functions.get(name);
      if (!declaration) throw new Error(`${normalizedPath} has no function ${name}, which is to be inlined`);
      const inline = Node.createIdentifierExpression("inline", declaration.range);
      declaration.decorators = [Node.createDecorator(inline, null, declaration.range)];
    }
  }
}

/**
 * The functions a statement declares, by name; a class's methods by both names.
 * @param {Node} statement
 * @returns {[string, FunctionDeclaration][]}
 */
function functionsIn(statement) {
  if (statement instanceof FunctionDeclaration) return [[statement.name.text, statement]];
  if (!(statement instanceof ClassDeclaration)) return [];
  return statement.members
    .filter((member) => member instanceof FunctionDeclaration)
    .map((method) => [`${statement.name.text}.${method.name.text}`, method]);
}
