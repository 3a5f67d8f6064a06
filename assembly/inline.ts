/**
 * A transform of asc's: inlines the functions named here at every place of use, as `@inline` would.
 * AssemblyScript has that decorator for functions, but TypeScript's own tools do not parse it.
 */
import { FunctionDeclaration, Node, type Parser } from "assemblyscript";
import { Transform } from "assemblyscript/transform";

/** machine/access.ts: fast paths a call would cost as much as. */
const INLINED = ["loadAt", "storeAt"];

export default class InlineTransform extends Transform {
  afterParse(parser: Parser): void {
    for (const source of parser.sources) {
      for (const statement of source.statements) {
        if (!(statement instanceof FunctionDeclaration) || !INLINED.includes(statement.name.text)) continue;
        const inline = Node.createIdentifierExpression("inline", statement.range);
        statement.decorators = [Node.createDecorator(inline, null, statement.range)];
      }
    }
  }
}
