/**
 * The identity of a database's files. SQLite continues to use the files that it opened, even after they were deleted.
 */
import type { BigIntStats } from "node:fs"
import * as Fs from "node:fs"

const inode = (stats: BigIntStats | undefined): string => stats === undefined ? "" : `${stats.dev}:${stats.ino}`

const inodeOf = (path: string): string => inode(Fs.statSync(path, { bigint: true, throwIfNoEntry: false }))

const logOf = (file: string): string => inodeOf(`${file}-wal`)

/**
 * The inodes of the database and its write-ahead log. While a connection is open, no other file gets the same inodes.
 */
export const identityOf = (file: string): string => `${inodeOf(file)} ${logOf(file)}`

/** The logs that this process has opened, by database. */
const opened = new Map<string, Set<string>>()

/** Remembers which log a new connection uses. */
export const remember = (file: string): void => {
  const database = inodeOf(file)
  opened.set(database, (opened.get(database) ?? new Set()).add(logOf(file)))
}

/** The path of an open descriptor; absent if it was closed meanwhile. */
const linkOf = (descriptor: string): string | undefined => {
  try {
    return Fs.readlinkSync(descriptor)
  } catch {
    return undefined
  }
}

/** The deleted files of this name that this process still has open. Empty outside Linux. */
const openDeleted = (path: string): ReadonlySet<string> => {
  const folder = "/proc/self/fd"
  if (!Fs.existsSync(folder)) return new Set()
  // The inode alone is no proof: after a file is closed, a new file may get its inode.
  const named = Fs.readdirSync(folder).map((fd) => `${folder}/${fd}`).filter((fd) => linkOf(fd) === `${path} (deleted)`)
  return new Set(named.map(inodeOf))
}

/**
 * Whether a closed connection of this process, not garbage-collected yet, still has an old, deleted log of the same
 * database open. All connections of a process share SQLite's index of the log, so a new connection would read and write
 * the wrong log.
 */
export const holdsOldLog = (file: string): boolean => {
  const logs = opened.get(inodeOf(file))
  if (logs === undefined) return false
  const held = openDeleted(`${Fs.realpathSync(file)}-wal`)
  const current = logOf(file)
  for (const log of logs) if (log !== current && !held.has(log)) logs.delete(log)
  return [...logs].some((log) => log !== current)
}
