/** Names of others, as they can be shown among other words: of files, marks and sites. */

/** What is not seen, or turns around what stands beside it, as its number: a file may call itself `exe.<U+202E>gnp`. */
export const plainName = (name: string): string =>
  name.replace(
    /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu,
    (letter) => `<U+${letter.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}>`,
  );
