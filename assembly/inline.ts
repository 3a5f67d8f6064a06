/**
 * A transform of asc's: inlines the functions named here at every place of use, as `@inline` would.
 * AssemblyScript has that decorator for functions, but TypeScript's own tools do not parse it. These
 * are what every operation goes through, and as short as the call would be.
 */
import { ClassDeclaration, FunctionDeclaration, Node, type Parser } from "assemblyscript";
import { Transform } from "assemblyscript/transform";

const INLINED: Record<string, readonly string[]> = {
  "assembly/driver.ts": ["checkPointer", "free", "hold", "step"],
  "assembly/face.ts": ["allocateBlock", "malloc", "release"],
  "assembly/machine/access.ts": ["loadAt", "storeAt"],
  "assembly/machine/paths.ts": ["call", "enter", "leave", "program"],
  "assembly/machine/translation.ts": ["entryAt", "granuleAndAlignment", "hostIn", "letsRead", "letsWrite"],
  "assembly/allocators/glibc/bins.ts": [
    ...["nextOf", "previousOf", "setNext", "setPrevious"],
    ...["nextSizeOf", "previousSizeOf", "setNextSize", "setPreviousSize", "binNumber", "removeLast"],
  ],
  "assembly/allocators/glibc/chunk.ts": [
    ...["headOf", "setHead", "sizeOf", "setSize", "beforeOf", "setBefore", "isInUse", "markInUse"],
  ],
  "assembly/allocators/glibc/index.ts": ["ready", "handOut"],
  "assembly/allocators/glibc/release.ts": ["release"],
  "assembly/allocators/glibc/tcache.ts": [
    ...["hostAt", "countAt", "entryAt", "hasRoom", "put", "refuseDouble", "take"],
  ],
  "assembly/allocators/libmalloc/region.ts": ["charge", "magazineOf"],
  "assembly/allocators/libmalloc/tiny-blocks.ts": [
    ...["bitsOf", "setBits", "TinyBlocks.isLive", "TinyBlocks.markFree", "TinyBlocks.unmark"],
    ...["TinyBlocks.nextOf", "TinyBlocks.previousOf", "TinyBlocks.setNext", "TinyBlocks.setPrevious"],
  ],
};

export default class InlineTransform extends Transform {
  afterParse(parser: Parser): void {
    for (const { normalizedPath, statements } of parser.sources) {
      const names = INLINED[normalizedPath] ?? [];
      for (const [name, declaration] of statements.flatMap(functionsIn)) {
        if (!names.includes(name)) continue;
        const inline = Node.createIdentifierExpression("inline", declaration.range);
        declaration.decorators = [Node.createDecorator(inline, null, declaration.range)];
      }
    }
  }
}

/** The functions a statement declares, by name; a class's methods by both names. */
function functionsIn(statement: Node): [string, FunctionDeclaration][] {
  if (statement instanceof FunctionDeclaration) return [[statement.name.text, statement]];
  if (!(statement instanceof ClassDeclaration)) return [];
  return statement.members
    .filter((member) => member instanceof FunctionDeclaration)
    .map((method) => [`${statement.name.text}.${method.name.text}`, method as FunctionDeclaration]);
}
