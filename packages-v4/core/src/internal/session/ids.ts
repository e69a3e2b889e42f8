/** Identifiers, from `crypto`: never from Effect's Random, which is a seedable generator. */
import * as Base64Url from "effect/encoding/Base64Url"

/** Asking for many random bytes costs hardly more than asking for few. */
const bytes = new Uint8Array(12 * 64)
let used = bytes.length

/** 96 random bits as 16 characters. */
export const randomId = (): string => {
  if (used === bytes.length) {
    crypto.getRandomValues(bytes)
    used = 0
  }
  return Base64Url.encode(bytes.subarray(used, used += 12))
}
