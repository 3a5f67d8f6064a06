/** What can be shared: the view, and both sides as they are shown. */
import type { Busy } from "../busy.js";
import type { Moment } from "../protocol.js";
import type { Opened, Session } from "../session.js";
import type { ViewState } from "../state.js";

export interface Shared {
  state: ViewState;
  opened: Opened;
  session: Session;
  moments: readonly (Moment | undefined)[];
  /** The maps as they are drawn. */
  maps: readonly HTMLCanvasElement[];
  busy: Busy;
  onError(error: unknown): void;
}
