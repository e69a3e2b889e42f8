/**
 * Shortens the texts of a server and removes secrets from them before they go into an error, because a server may
 * repeat the request.
 *
 * The search compares plain upper-case text, so its time is linear and special characters in a secret can't break it.
 * Text that was not searched is not shown.
 */
import { pieceLength, Pieces } from "./pieces.ts"
import type { SecretTexts } from "./secretTexts.ts"
import { spellingsOf } from "./spellings.ts"

/** The longest shown text, in UTF-16 units. */
const longest = 200
const gone = "…"

/** The searched part of a text, in UTF-16 units. The rest is dropped. */
const searched = 2048

/** The longest text of an error's cause that is searched, in UTF-16 units. A longer one counts as holding a secret. */
const longestCause = 8 * 1024

/**
 * Cleans a text: at most 200 characters, without secrets in any usual spelling, parts of secrets, control characters
 * and long opaque words. The result is empty if the text can't be cleaned.
 */
export const scrub = (text: string, secrets: SecretTexts): string => {
  if (!secrets.complete) return ""
  try {
    const shown = hidden(text, secrets)
      .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, " ")
      .replace(/[A-Za-z0-9+/=_.~|%-]{24,}/g, (word) => /\d/.test(word) && /[A-Za-z]/.test(word) ? gone : word)
      .trim()
    return shown.length > longest ? `${shown.slice(0, longest)}${gone}` : shown
  } catch {
    return ""
  }
}

/** The most work for one error: units of text times spellings. Beyond it, the text counts as holding a secret. */
const mostWork = 8_000_000

/**
 * Whether a text holds one of the secrets in any usual spelling, or the first half of a long one. Secrets of fewer than
 * four letters are skipped, because they are in nearly every text. A text that can't be searched counts as holding a secret.
 */
export const finder = (secrets: SecretTexts): (text: string) => boolean => {
  if (!secrets.complete) return () => true
  const needles = new Map<string, ReadonlyArray<string>>()
  const spelled = (secret: string) => {
    const found = needles.get(secret) ?? spellingsOf(secret).map((text) => firstHalf(folded(text)))
    needles.set(secret, found)
    return found
  }
  let work = 0
  return (text) => {
    if (text.length > longestCause) return true
    try {
      const hay = folded(text)
      return Array.from(secrets.all).some((secret) => {
        if (secret.length < 4 || !fits(secret, hay)) return false
        const all = spelled(secret)
        work += all.length * (hay.length + 64)
        return work > mostWork || all.some((needle) => hay.includes(needle))
      })
    } catch {
      return true
    }
  }
}

/** Libraries cut long texts that they quote. Less than 12 letters may be a word of the text. */
const firstHalf = (needle: string): string => needle.slice(0, Math.max(12, needle.length / 2))

/** A spelling is always longer than half of its secret, so a text that is much shorter can't hold half of it. */
const fits = (secret: string, hay: string): boolean => secret.length <= 4 * hay.length

/** The text without the secrets, each replaced by one `…`. */
const hidden = (text: string, secrets: SecretTexts): string => {
  const cut = text.slice(0, searched)
  const hay = folded(cut)
  const hide = new Uint8Array(cut.length)
  const runs = new Pieces(hay)
  for (const secret of secrets.all) {
    for (const needle of spellingsOf(secret).map(folded)) {
      if (needle.length <= hay.length) hideAll(hay, needle, hide)
      for (const at of runs.takeSharedWith(needle)) mark(hide, at, pieceLength)
    }
  }
  if (text.length > searched) hide.fill(1, lastBlank(cut))
  let out = ""
  for (let at = 0; at < cut.length; at++) {
    if (hide[at] === 0) out += cut[at]
    else if (hide[at] === start || at === 0 || hide[at - 1] === 0) out += gone
  }
  return out
}

/** Marks: 1 for a hidden letter, 2 for the first letter of a match, so that two adjacent matches are shown as two. */
const start = 2

/** The end of a shortened text. A secret that is cut in two is not found, so the last word is dropped. */
const lastBlank = (text: string): number => Math.max(text.lastIndexOf(" "), text.length - 2 * longest)

const hideAll = (hay: string, needle: string, hide: Uint8Array): void => {
  for (let at = hay.indexOf(needle); at >= 0; at = hay.indexOf(needle, at + needle.length)) {
    mark(hide, at, needle.length)
  }
}

const mark = (hide: Uint8Array, at: number, length: number): void => {
  if (hide[at] === 0) hide[at] = start
  hide.fill(1, at + 1, at + length)
}

/** Upper case, unit by unit, so that every letter keeps its place. "ß" has no upper case of one unit and stays. */
const folded = (text: string): string => {
  if (/^[\u0000-\u007f]*$/.test(text)) return text.toUpperCase()
  let out = ""
  for (const unit of text.split("")) {
    const upper = unit.toUpperCase()
    out += upper.length === 1 ? upper : unit
  }
  return out
}
