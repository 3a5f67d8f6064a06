/**
 * A transform of asc's: inlines the functions named here at every place of use, as `@inline` would.
 * AssemblyScript has that decorator for functions, but TypeScript's own tools do not parse it. These
 * are what every operation goes through, and as short as the call would be.
 */
import { FunctionDeclaration, Node, type Parser } from "assemblyscript";
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
};

export default class InlineTransform extends Transform {
  afterParse(parser: Parser): void {
    for (const { normalizedPath, statements } of parser.sources) {
      const names = INLINED[normalizedPath] ?? [];
      for (const statement of statements) {
        if (!(statement instanceof FunctionDeclaration) || !names.includes(statement.name.text)) continue;
        const inline = Node.createIdentifierExpression("inline", statement.range);
        statement.decorators = [Node.createDecorator(inline, null, statement.range)];
      }
    }
  }
}
