import { UsageError } from "../base/errors.js";
import { joinWords } from "../base/numbers.js";
import { parseCostProfile } from "../costs/parse.js";
import type { CostProfile } from "../costs/profile.js";
import { costProfiles } from "../costs/profiles.js";
import { readText } from "./infile.js";

/** The flag of every command that simulates time. */
export interface CostsFlags {
  costs?: string;
}

/** The cost profile that `--costs` names: ours, or a file's. Empty without the flag: each kernel has its own default. */
export async function chooseCosts({ costs }: CostsFlags): Promise<{ costs?: CostProfile }> {
  if (costs === undefined) return {};
  return { costs: costProfiles.find(({ name }) => name === costs) ?? (await readCosts(costs)) };
}

async function readCosts(path: string): Promise<CostProfile> {
  const names = joinWords(costProfiles.map(({ name }) => name));
  const text = await readText(path).catch((error) => {
    if (error instanceof UsageError) throw error;
    throw new UsageError(
      `--costs: "${path}" is neither a cost profile (${names}) nor a file that can be read: ${error.message}`,
    );
  });
  try {
    return parseCostProfile(text);
  } catch (error) {
    throw new UsageError(`--costs: "${path}": ${(error as Error).message}`);
  }
}
