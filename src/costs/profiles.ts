import type { KernelKind } from "../allocator/machine.js";
import { linuxVm } from "./linux-vm.js";
import { macos2016 } from "./macos-2016.js";
import type { CostProfile } from "./profile.js";

/** Every built-in cost profile. */
export const costProfiles: readonly CostProfile[] = [linuxVm, macos2016];

/** The default cost profile of a kernel. */
export function defaultCosts(kernel: KernelKind): CostProfile {
  return kernel === "darwin" ? macos2016 : linuxVm;
}
