/** Pure rules that decide whether a path is safe for secrets: its owner, its permissions and its type. */
import type { Stats } from "node:fs"

/** Windows has no such permissions; there, a folder of the user's profile is private. */
const hasPermissions = process.platform !== "win32"

export const permissionsOf = (stats: Stats): number => stats.mode & 0o777

/** Whether other users than the owner may use it. */
export const isWide = (stats: Stats): boolean => hasPermissions && (stats.mode & 0o077) !== 0

/** Whether another user owns it. Root is allowed, because root can access everything anyway. */
const isForeign = (stats: Stats): boolean => hasPermissions && stats.uid !== 0 && stats.uid !== process.geteuid?.()

/**
 * A user who can rename a parent folder can replace it by another one. In a sticky folder only the owner can rename.
 */
export const faultOfFolderAbove = (path: string, stats: Stats): string | undefined =>
  isForeign(stats)
    ? `the folder ${path} on the way to the database belongs to another user: choose another path`
    : hasPermissions && (stats.mode & 0o002) !== 0 && (stats.mode & 0o1000) === 0
    ? `other users can rename files in the folder ${path}: chmod it o-w, or choose another path`
    : undefined

export const faultOfFolder = (path: string, stats: Stats): string | undefined =>
  isForeign(stats) ? `the folder ${path} belongs to another user: chown it, or name a folder of its own` : undefined

/** Checks the `lstat` result of the database or of one of its companion files. */
export const faultOfFile = (path: string, stats: Stats): string | undefined => {
  const fault = stats.isSymbolicLink()
    ? "is a link: remove it"
    : stats.isDirectory()
    ? "is a folder: name a file in it"
    : !stats.isFile()
    ? "is not a regular file"
    : isForeign(stats)
    ? "belongs to another user: chown it"
    : hasPermissions && stats.nlink > 1
    ? "has a second name (a hard link), and SQLite would keep another log for it: remove one of them"
    : (stats.mode & 0o200) === 0
    ? "is read-only: chmod it 600"
    : undefined
  return fault === undefined ? undefined : `${path} ${fault}`
}
