/** Mutants of the simulated machine. */
import { type Area, mutantsIn } from "./mutants.js";

export const machine: Area = {
  name: "machine",
  modules: ["machine.check"],
  tests: ["test/machine/"],
  // All but what asks the kernel here, and the release build.
  only: /^(?!.*(\bhere\b|check build: false))/,
  mutants: mutantsIn("assembly/machine", {
    "entries.ts": [
      ["a page that loses its entry counts twice", "  group.attached--;\n", "  group.attached -= 2;\n"],
      ["a page that gets an entry is not counted", "  group.attached++;\n", ""],
      ["a frame list is leaked", "    pool.give(pool.frameLists, group.frames);\n", ""],
    ],
    "limits.ts": [
      [
        "the last byte of a limit is refused",
        "there + more <= limit) return true;",
        "there + more < limit) return true;",
      ],
      ["what is promised to others is not counted", "number = numberAbove(number)) {", "number = 0) {"],
      ["a child is promised what it does not get", "NOT_PROMISED | RegionFlag.DontFork", "NOT_PROMISED"],
      [
        "what becomes writable is data again each time",
        "if (flags & areas.MAY_NOT_WRITE) data +=",
        "if (true) data +=",
      ],
      [
        "areas are promised one by one",
        "        promised += to - start;\n",
        "        promised = to - start;\n",
      ],
    ],
    "huge.ts": [
      [
        "a group may be huge though small pages were in it",
        "  } else if (span || state != MAPPED) {",
        "  } else if (state != MAPPED) {",
      ],
      [
        "a huge page may lie in two areas",
        "  return isOneArea(page);\n}\n\n/** Whether one area",
        "  return true;\n}\n\n/** Whether one area",
      ],
      [
        "advice against huge pages is not heard",
        "  if (flags & RegionFlag.SmallPages) return false;\n  if (mode",
        "  if (mode",
      ],
      ["on request means always", "mode == HugePages.Madvise && ", "false && "],
      [
        "a write to what others have too takes all of it",
        "  if (isAlone(span)) return true;\n",
        "  return true;\n",
      ],
      ["what others have too is lazy", "    if (isShared(spanIfAny(first))) {", "    if (false) {"],
      ["huge faults are not counted", "  add(Counter.HugeFaults, 1);\n", ""],
      [
        "what moves is huge wherever it lands",
        "pages == GROUP_PAGES && !(to & GROUP_MASK)",
        "pages == GROUP_PAGES",
      ],
    ],
    "splits.ts": [
      [
        "all of a group that goes in one call leaves a table",
        "  if (isWhole || isUnmapped(page)) {",
        "  if (isUnmapped(page)) {",
      ],
      [
        "what is taken stays as one",
        "    else if (isOne(span) && !hasFrame(stateOf(page))) setSpan(page, TABLE);\n",
        "",
      ],
      [
        "what is taken stays in pieces",
        "    if (isInPieces(span)) forgetGone(page, span);\n    else if",
        "    if",
      ],
      [
        "a page that goes stays one of its frame",
        "!hasFrame(stateOf(first + index))) forget(span, index);",
        "false) forget(span, index);",
      ],
      [
        "a split leaves zeroes in frames",
        "isOfFrame(span, index) && isZero(first + index)) events",
        "false) events",
      ],
    ],
    "spans.ts": [
      [
        "a page that was copied stays one of its frame",
        "  forget(span, index);\n  if (!bitsIn",
        "  if (!bitsIn",
      ],
      ["the last page of a frame is kept", " || changetype<Frame>(<usize>at).mapped == 1);", ");"],
      ["a third space finds a place", "  } else if (frame.space1 == space || !frame.space1) {", "  } else {"],
      ["who is left alone has no frame of its own", "  if (hasOwner(frame)) frame.isShared = 0;\n", ""],
      [
        "a table that is split is still one entry",
        "  if (frame) mapOf(frame, current.number, GROUP_PAGES);\n",
        "",
      ],
      ["a child gets pages that its parent has not", "    if (!hasBit(record, index)) continue;\n", ""],
      [
        "a huge page is as many entries as pages",
        "    add(Counter.ForkedPages, 1 - <u64>GROUP_PAGES);\n",
        "",
      ],
      [
        "frames are held though a space has all of it",
        "isOfFrame(span, index) && hasFrame(stateOf(first + index))) setBit",
        "isInPieces(span) && isOfFrame(span, index) && hasFrame(stateOf(first + index))) setBit",
      ],
    ],
    "oom.ts": [
      [
        "who runs is not charged for what it took",
        "residentPages() + (current == running ? freeFrames() : 0)",
        "residentPages()",
      ],
      ["of equals the first is killed", "if (pages < most) continue;", "if (pages <= most) continue;"],
      ["the only process is killed", "  if (!numberAbove(numberAbove(0))) return false;\n", ""],
    ],
    "events.ts": [
      [
        "what nobody else has is not taken back",
        " && isHeldByOthers(group, page)) return state;",
        ") return state;",
      ],
      [
        "a block that others have is taken back",
        "event == Event.Reclaim && holdersOf(block, first) > 1",
        "event == Event.Reclaim && holdersOf(block, first) > 2",
      ],
      ["a translation is kept after an event", "  drop(page);\n", ""],
      [
        "a group is joined while an event is in it",
        "if (event != Event.Reclaim) joinIfUniform",
        "joinIfUniform",
      ],
      [
        "one frame too many is taken",
        "> physicalPages) makeRoom(pages);",
        "> physicalPages + 1) makeRoom(pages);",
      ],
      ["no room is made for a copy on write", "if (isCopiedOnWrite(group, page)) requireRoom(1);", ""],
    ],
    "contents.ts": [
      ["a copied page still shares", "  share.pages--;\n  takeFrames(1);", "  takeFrames(1);"],
      [
        "one more that shares is not counted",
        "  const entry = entryOf(source);\n  changetype<Share>(entry).pages++;\n",
        "  const entry = entryOf(source);\n",
      ],
      [
        "a child's page that shares is not counted",
        "  changetype<Share>(entry).pages++;\n  attach(child",
        "  attach(child",
      ],
      [
        "a child has its parent's needless faults",
        "attach(child, index, entry, state & ~CLEARED)",
        "attach(child, index, entry, state)",
      ],
      [
        "a frame used again counts as copied",
        "add(isCopied ? Counter.CopyFaults : Counter.ReuseFaults, pages);",
        "add(Counter.CopyFaults, pages);",
      ],
      [
        "a sharing is leaked",
        "  if (share.pages == 1) {\n    pool.give(pool.shares, changetype<usize>(share));\n",
        "  if (share.pages == 1) {\n",
      ],
      [
        "a shared page may be taken back",
        "kernelKind == Kernel.Darwin ? (state | SHARED) & ~LAZY : state | SHARED;",
        "state | SHARED;",
      ],
      [
        "a translation is kept of a page that moved",
        "    detach(from, fromIndex, UNMAPPED);\n    drop(source);",
        "    detach(from, fromIndex, UNMAPPED);",
      ],
      [
        "the frame that is shared no more is not given back",
        "    giveFrames(1);\n  }\n  detach(group",
        "  }\n  detach(group",
      ],
      ["shared bytes are leaked", "    if (share.content) pool.give(pool.contents, share.content);\n", ""],
    ],
    "frames.ts": [
      [
        "a record is handed out with old contents",
        "  if (used) memory.fill(record, 0, pool.recordBytes);",
        "",
      ],
      ["a record that is given counts as live", "  pool.live--;\n", ""],
      ["free records are lost", "  store<usize>(record, pool.free);\n", ""],
    ],
    "translation.ts": [
      ["first reads are let through", "  const reads = (state & READ) != 0;", "  const reads = true;"],
      [
        "writes to what may be taken back are let through",
        "const writes = (state & (WRITTEN | SHARED | LAZY)) == WRITTEN",
        "const writes = (state & (WRITTEN | SHARED)) == WRITTEN",
      ],
      [
        "the last granule keeps its translation",
        "address < end; address += GRANULE_BYTES",
        "address < end - GRANULE_BYTES; address += GRANULE_BYTES",
      ],
    ],
    "states.ts": [
      [
        "what is written without data stays known",
        "  return next != state && event != Event.Write;",
        "  return next != state && event != Event.Write && event != Event.Touch;",
      ],
      ["pages that are read are not counted", "    effects |= effect(Counter.TouchedRead);", ""],
      [
        "a written page may still be taken back",
        "  const next = (state & ~(LAZY | CLEARED)) | WRITTEN;",
        "  const next = (state & ~CLEARED) | WRITTEN;",
      ],
      [
        "frames that are taken back are not counted",
        "MAPPED | (ownsFrame(state) ? effect(Counter.FramesGiven) : 0) : state;",
        "MAPPED : state;",
      ],
      [
        "a page cleared after other writes is needless",
        "WRITTEN | (fault ? CLEARED : 0);",
        "WRITTEN | CLEARED;",
      ],
    ],
    "counters.ts": [
      ["one page stays resident", "  residentPages -= pages;", "  residentPages -= pages - 1;"],
      ["no peak is kept", "  peakPages = max(peakPages, residentPages);", ""],
    ],
    "regions.ts": [
      ["a region that is removed is still counted", "  current.regionCount--;\n", ""],
      [
        "the gaps of one side are forgotten",
        "max(node.gap, max(right.gap, right.first - node.end))",
        "max(right.gap, right.first - node.end)",
      ],
      [
        "the gaps above a region that leaves are forgotten",
        "  else tree.right = detach(tree.right, node);\n  return update(tree);",
        "  else tree.right = detach(tree.right, node);\n  return tree;",
      ],
      [
        "a region is added without its summary",
        "    node.right = splitRight;\n    return update(node);",
        "    node.right = splitRight;\n    return node;",
      ],
    ],
    "areas.ts": [
      ["what is behind a hole is lost", "    if (to <= end) return;\n", "    if (to) return;\n"],
      [
        "what is unmapped counts whole",
        "    bytes += min(region.end, end) - max(region.start, start);\n    cut(",
        "    bytes += region.end - region.start;\n    cut(",
      ],
      ["a piece forgets that it was written", "  rest.anon = region.anon;\n", ""],
      ["a piece forgets how far it moved", "  rest.moved = region.moved;\n", ""],
      ["a piece forgets its flags", "  rest.flags = region.flags;\n", ""],
      ["areas that moved differently far join", "  if (there.moved != added.moved || ", "  if ("],
      [
        "areas join that a child gets differently",
        " || !areAlike(there, added)) return false;",
        ") return false;",
      ],
      [
        "what was inherited is joined",
        "  return added.anon ? !there.anon : !(there.anon & INHERITED);",
        "  return !added.anon || !there.anon;",
      ],
      ["areas that were one stay alike in a child", "    if (!region.joined) latest++;\n", ""],
      [
        "the heap grows what a child inherited",
        "if (below && !(below.anon & INHERITED) && ",
        "if (below && ",
      ],
      [
        "what changed its flags joins nothing",
        "  if (below && mayMerge(below, region)) join(below, region);\n",
        "",
      ],
      [
        "areas that were written apart join",
        "  return added.anon ? !there.anon : ",
        "  return added.anon ? true : ",
      ],
      ["an area that joins is not known to be written", "    else mark(below, above.anon);\n", ""],
      [
        "the regions below are not known to be written",
        "  let below = previousOf(region);\n",
        "  let below: Region | null = null;\n",
      ],
      ["an area that was parted counts as joined", "  current.joins -= <u32>region.joined;\n", ""],
      ["what is above a hole stays joined", "  if (region && region.start == end) part(region);\n", ""],
      [
        "what is unmapped is known to be written",
        "  if (start < writtenTo && writtenFrom < end) writtenTo = 0;\n",
        "",
      ],
      ["what moved may join what stayed", "keepsPlace ? old.moved + from - to : 0", "old.moved"],
      [
        "an area that was never written remembers its place",
        "keepsPlace ? old.moved + from - to : 0",
        "old.moved + from - to",
      ],
      [
        "what grows does not join",
        "  resize(region, region.start, newEnd);\n  joinAbove(region);\n",
        "  resize(region, region.start, newEnd);\n",
      ],
    ],
    "room.ts": [
      [
        "one area too many is mapped",
        "areas.count() + spare <= areaLimit",
        "areas.count() + spare <= areaLimit + 1",
      ],
      ["a cut needs no area", "  return !cuts || areAreasLeft(SPARE_TO_CUT, bytes);", "  return true;"],
      ["the end of an area cannot be unmapped", "areas.isOne(address - pageBytes, ", "areas.isOne(address, "],
      ["a move needs one area less", "SPARE_TO_MOVE: u64 = 4;", "SPARE_TO_MOVE: u64 = 3;"],
      ["a huge page begins below its room", "(room + hugeBytes - u64(isUpward)) & ~", "room & ~"],
      ["huge pages need no more room", "roomFor(bytes + hugeBytes, pageBytes)", "roomFor(bytes, hugeBytes)"],
      ["from the top down, an aligned start is good enough", "hugeBytes - u64(isUpward)", "hugeBytes - 1"],
      ["a hint is aligned to huge pages", "page ? findRoom(bytes, align) : findPlace", "findPlace"],
      ["a low hint is aligned to huge pages", "findLow(bytes, page == 0)", "findLow(bytes, true)"],
      ["a hint below what may be mapped is none", "? USER_START : page", "? 0 : page"],
      ["low mappings are never moved", "  if (!chance) return 0;\n", "  return 0;\n"],
      ["upward mappings grow up to where others start", "!isUpward && end <= base", "end <= base"],
    ],
    "memory-map.ts": [
      [
        "an unmapped region stays",
        "  apply(Event.Unmap, address >> pageShift, pagesIn(bytes));\n  unmapPages(areas.unmap(address, address + bytes));",
        "  apply(Event.Unmap, address >> pageShift, pagesIn(bytes));\n  unmapPages(bytes);",
      ],
      [
        "the heap touches what is above",
        "regions.isFree(oldEnd, newEnd + guard)",
        "regions.isFree(oldEnd, newEnd)",
      ],
      ["several areas grow as one", "!areas.isOne(address, end) || ", ""],
      [
        "what moved is counted twice",
        "  unmapPages(areas.unmap(address, address + oldBytes));\n",
        "  areas.unmap(address, address + oldBytes);\n",
      ],
      ["what moves stays in a block", "    groupAt(cellOf(first + i), first + i);\n", ""],
    ],
    "advice.ts": [
      ["madvise is not heard over holes", "!isWhole && kernelKind == Kernel.Darwin", "!isWhole"],
      [
        "what populates a range goes over holes",
        "  const end = firstUnmapped(first, pagesIn(bytes));",
        "  const end = first + pagesIn(bytes);",
      ],
      [
        "pages are populated that may not be written",
        "  if (areas.firstProtected(address, end << pageShift, writes) < end << pageShift) return false;\n",
        "",
      ],
      ["advice that cuts an area needs none", " && !areAreasLeft(SPARE_TO_CUT, end - start)", " && false"],
    ],
    "blocks.ts": [
      ["a space that leaves a block is still counted", "  store<u16>(at, load<u16>(at) - 1);\n", ""],
      ["a block is leaked", "  if (!cells) pool.give(pool.blocks, block);\n", ""],
      [
        "a group comes apart in one space alone",
        "if (!isInBlock(cell) || blockIn(cell) != block) continue;\n    store<u32>",
        "if (number != space.number) continue;\n    store<u32>",
      ],
    ],
    "processes.ts": [
      ["what was never written is copied", " && areas.areWritten(start, end)) {", ") {"],
      [
        "what a child gets untouched is copied",
        "(RegionFlag.WipeOnFork | RegionFlag.Shared)",
        "RegionFlag.Shared",
      ],
      [
        "what a child does not get is shared",
        "if (!(regions.flagsOf(start) & RegionFlag.DontFork)) copyRegion",
        "copyRegion",
      ],
      [
        "a fork leaves what the parent may write",
        "mapPages(child.pages);\n  dropAll();\n",
        "mapPages(child.pages);\n",
        "only pages with bytes have a translation, and each is dropped when its bytes become shared",
      ],
      [
        "another process finds the last one's translations",
        "  areas.entered();\n  dropAll();\n",
        "  areas.entered();\n",
      ],
      [
        "the first process runs on instead of the parent",
        "  if (parent && space.parent) return parent;\n",
        "",
      ],
      ["directories of a process that ends are leaked", "  forgetDirectories();\n", ""],
      [
        "a group in a block is not held once more",
        "  if (isInBlock(cell)) return blocks.hold(blockIn(cell), first, state & ~CLEARED);",
        "  if (isInBlock(cell)) return cell;",
      ],
    ],
    "syscall.ts": [
      ["the pages a call walks are not counted", "  if (walked) add(WALKED_COUNTERS + call, walked);", ""],
    ],
    "table.ts": [
      ["a joined group stays in its cell", "  store<u32>(cellAt, state);\n  pool.give", "  pool.give"],
      ["a new group counts the pages of the last", "  group.attached = 0;\n", ""],
    ],
    "runs.ts": [
      [
        "a run is compared one byte past its end",
        "  while (to - from >= 64 && areAll",
        "  while (from + 64 <= to + 1 && areAll",
      ],
    ],
    "zeroes.ts": [
      [
        "bytes over 127 count as zero",
        "popcnt(~(((word & low) + low) | word | low))",
        "popcnt(~(((word & low) + low) | low))",
      ],
    ],
    "access.ts": [
      [
        "what nobody knows is known after a copy",
        "  if (state & UNKNOWN) applyOne(Event.Touch, destination >> pageShift);",
        "",
      ],
      [
        "a page that is partly zero is not cleared",
        "  if (needless != bytes) memory.fill(at, 0, <usize>bytes);",
        "",
      ],
      [
        "clearing what nobody knows is needless",
        "  if (known) add(Counter.NeedlesslyZeroedBytes, needless);",
        "  add(Counter.NeedlesslyZeroedBytes, needless);",
      ],
    ],
    "paths.ts": [
      ["a function does not return to what called it", "  if (!isDefined(ZP_UNMARKED)) countIn(caller);", ""],
    ],
  }),
};
