import type { Counters } from "../counters.js";

/** One function on one call path, and what happened in it, not in what it calls. */
export interface ProfileNode {
  name: string;
  calls: number;
  counters: Counters;
  children: ProfileNode[];
}
