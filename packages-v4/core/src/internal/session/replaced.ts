/**
 * The sessions that a sign-in replaces. A session that another process began after the store failed is newer than the sign-in,
 * and stays. Where the store was never read, the sign-in replaces whatever it finds.
 */
import type { SessionRecord } from "../../SessionRecord.ts"
import type { Cell } from "./cell.ts"

export interface Replaced {
  /** Whether the sign-in replaces this session, also when it is saved late. */
  readonly includes: (found: SessionRecord) => boolean
  /** Whether the sign-in may be written over what is stored now. */
  readonly mayReplace: (current: SessionRecord | undefined) => boolean
  /** One of the first attempts found this in the store. */
  readonly seen: (current: SessionRecord | undefined) => void
  /** The first attempts are over: a session that is found from now on may be newer. */
  readonly close: () => void
}

export const replacedBy = (cell: Cell): Replaced => {
  const earlier = cell.extras?.unsaved
  const before = new Set([cell.holder?.session, cell.extras?.forgotten, earlier?.begun, ""])
  let isUnread = cell.status === "unloaded"
  // A version that the store reported before the sign-in is not newer, although it was not read yet.
  const reported = cell.outdated ? cell.extras?.heard?.version ?? 0 : 0
  const isReported = ({ version }: SessionRecord): boolean => Number.isFinite(reported) && version <= reported
  let isLate = false
  const includes = (found: SessionRecord): boolean =>
    isUnread || isReported(found) || before.has(found.session) || earlier?.replaces?.(found) === true
  return {
    includes,
    mayReplace: (current) => !isLate || current === undefined || includes(current),
    seen: (current) => {
      if (isLate) return
      isUnread = false
      before.add(current?.session)
    },
    close: () => {
      isLate = true
    }
  }
}
