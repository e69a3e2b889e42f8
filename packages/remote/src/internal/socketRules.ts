/**
 * Pure rules: whether another user could put a socket of its own at a path. They are those of the files of SQLite, with an
 * exception for user namespaces without a root.
 */

/** What `lstat` says of a part of a path. */
interface Part {
  readonly uid: number
  readonly mode: number
  readonly isDirectory: () => boolean
}

/** The owner that Linux shows where the user namespace has no number for the real one. */
const unmapped = 65_534

/** `uidMap`: the text of `/proc/self/uid_map`. A container without a root shows `/` as that of {@link unmapped}. */
export const hasNoRoot = (uidMap: string): boolean => uidMap.trim() !== "" && !/^\s*0\s/m.test(uidMap)

const isOfHiddenRoot = (part: Part): boolean => part.uid === unmapped && part.isDirectory() && (part.mode & 0o022) === 0

/**
 * Root is allowed, because root can access everything anyway. A user who can rename a folder can put another one in its
 * place; in a sticky folder only the owner can.
 */
export const faultOf = (path: string, part: Part, user: number, isRootHidden = false): string | undefined =>
  part.uid !== 0 && part.uid !== user && !(isRootHidden && isOfHiddenRoot(part))
    ? `${path} belongs to another user: choose another path for the socket`
    : part.isDirectory() && (part.mode & 0o002) !== 0 && (part.mode & 0o1000) === 0
    ? `other users can rename files in the folder ${path}: chmod it o-w, or choose another path for the socket`
    : undefined
