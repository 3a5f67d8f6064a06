import type { OptionValues } from "./run.js";

/** What is left of low memory once a host has loaded so much. */
export interface LuajitPoint {
  /** Bytes of the blocks that the host has. */
  loaded: number;
  /** Bytes that the allocator has mapped below 2 GiB. */
  taken: number;
  /** Bytes that MAP_32BIT then gives, of 1 GiB, in pieces. */
  low: number;
  /** Bytes that hints below 2 GiB give when MAP_32BIT gives no more. */
  hinted: number;
}

/** What one allocator leaves. */
export interface LuajitResult {
  allocator: string;
  options: OptionValues;
  /** Sentences about how sure the model is. */
  notes?: string[];
  points: LuajitPoint[];
}

/** The record that reports about low memory are drawn from; as JSON, the command line's contract. */
export interface LuajitReport {
  scenario: "luajit";
  /** Size of a block, and of a piece of low memory. */
  parameters: { block: number; piece: number };
  results: LuajitResult[];
}
