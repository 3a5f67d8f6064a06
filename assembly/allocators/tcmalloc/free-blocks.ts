/** Tells of the free memory: of free spans, of the objects that are free in spans, and of those that wait in caches. */
import { FreeList } from "../../shared/tcmalloc";
import { linkAt, tell } from "../free-blocks";
import * as central from "./central";
import { PAGE_SHIFT, sizeOf } from "./classes";
import * as pageMap from "./page-map";
import { Span, State } from "./span";
import * as cache from "./thread-cache";

export function tellFree(): void {
  for (let page = pageMap.mappedFrom(0); page; page = pageMap.mappedFrom(page)) {
    const found = pageMap.spanAt(page);
    if (found) tellSpan(found as Span);
    page = found ? (found as Span).end : page + 1;
  }
  central.tellBatches();
  cache.tellFree();
}

function tellSpan(span: Span): void {
  if (span.state != State.InUse) {
    const list = span.state == State.Normal ? FreeList.Normal : FreeList.Returned;
    tell(span.first << PAGE_SHIFT, span.pages << PAGE_SHIFT, list);
    return;
  }
  const bytes = sizeOf(span.sizeClass);
  for (let object = span.sizeClass ? span.objects : 0; object; object = linkAt(object)) {
    if (!tell(object, bytes, FreeList.Central)) return;
  }
}
