/** What `zeropage record` does where nobody says, which its help has too. */

/** Frames of a site where nobody says, and the most that the recorder takes. */
export const FRAMES = 32;
export const MOST_FRAMES = 64;

/** Nanoseconds between times where nobody says: a trace is hardly larger by these. */
export const MILLISECOND = 1_000_000;
