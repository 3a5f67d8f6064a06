import { inject } from "vitest";

/** Why a fixture could not be built here; undefined if it could. */
export const whyAbsent = (name: string): string | undefined => inject("absent")[name];
