/** What is counted by site: the fields of a row, of 8 bytes each, in the units of the counter of the same name. */
export enum SiteField {
  ZeroMap,
  ZeroFill,
  CopyOnWrite,
  KernelZeroedPages,
  NeedlesslyClearedPages,
  AllocatorZeroedBytes,
  NeedlesslyZeroedBytes,
  Count,
}
