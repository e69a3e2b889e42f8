/**
 * Records as this process wrote them last. The process that holds a session refreshes ahead on its own record: it writes its claim
 * without reading first. If another process wrote meanwhile, the claim is lost, and the record is read. Versions begin at 1 again
 * after an erasure, so this is for stores that report an erasure at once.
 */
import type { SessionRecord } from "../../SessionRecord.ts"
import type { Cell } from "./cell.ts"

export class KeptRecords {
  private readonly records = new Map<Cell, SessionRecord>()
  private readonly most: number
  /** The store's reports arrive. While they do not, an erasure would not be known. */
  isHearing = false

  constructor(most: number) {
    this.most = most
  }

  /** `undefined`: the record is another owner's, or without new tokens. When it is full, the other sessions are read. */
  keep(cell: Cell, record: SessionRecord | undefined): void {
    if (record?.state._tag !== "active") this.records.delete(cell)
    else if (this.records.size < this.most || this.records.has(cell)) this.records.set(cell, record)
  }

  /** The record, if nothing is known that came after it. It is given once: after a lost claim the store is read. */
  take(cell: Cell): SessionRecord | undefined {
    const record = this.records.get(cell)
    if (record === undefined || !this.isHearing) return undefined
    this.records.delete(cell)
    const { extras, outdated, version } = cell
    // Callers who do not know in whose session they asked need the store's answer (G55).
    const isNewest = record.version === version && !outdated
    return isNewest && extras?.unreleased === undefined && extras?.asks === undefined ? record : undefined
  }
}
