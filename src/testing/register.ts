/** Gives the runner's `expect` the matchers and the serializer. */
import { matchers } from "./matchers.js";
import { runner } from "./runner.js";
import { countersSerializer } from "./serializer.js";

/** Node's runner, and Jest without globals, have none: `expect.extend(matchers)` is the user's then. */
export function register(): void {
  runner.expect?.extend(matchers);
  runner.expect?.addSnapshotSerializer(countersSerializer);
}
