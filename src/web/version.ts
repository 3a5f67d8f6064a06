/** The version of the package that the page is of. Its build (vite.config.ts) puts it in. */
declare const ZEROPAGE_VERSION: string;

export const version = ZEROPAGE_VERSION;
