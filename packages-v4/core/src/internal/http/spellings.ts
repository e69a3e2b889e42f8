/** The encodings in which a server may repeat a text. */

/** UTF-16 units. Longer texts are not searched in base64, because `scrub` removes long opaque words anyway. */
const longestInBase64 = 4096

/** The text itself, and its encodings in URLs, forms, JSON, HTML and base64; longest first. */
export const spellingsOf = (text: string): ReadonlyArray<string> => {
  if (text === "") return []
  const all = new Set([text, inUrl(text), inForm(text), JSON.stringify(text).slice(1, -1)])
  if (text.length > longestInBase64) return Array.from(all)
  all.add(inHtml(text))
  for (const base64 of inBase64(text)) all.add(base64).add(base64.replaceAll("+", "-").replaceAll("/", "_"))
  return Array.from(all).sort((a, b) => b.length - a.length)
}

/** `encodeURIComponent` throws on a lone surrogate. */
const inUrl = (text: string): string => {
  try {
    return encodeURIComponent(text)
  } catch {
    return text
  }
}

const inForm = (text: string): string => new URLSearchParams([["", text]]).toString().slice(1)

const inHtml = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll("\"", "&quot;")

/** Base64 of the text alone, and inside a longer text, where the first and last letters depend on the neighbours. */
const inBase64 = (text: string): ReadonlyArray<string> => {
  const bytes = new TextEncoder().encode(text)
  const inside = [0, 1, 2].map((shift) => {
    const shifted = new Uint8Array(shift + bytes.length)
    shifted.set(bytes, shift)
    return toBase64(shifted).slice(shift === 0 ? 0 : 4, Math.floor((bytes.length + shift) / 3) * 4)
  })
  return [toBase64(bytes).replace(/={1,2}$/, ""), ...inside].filter((part) => part.length >= 4)
}

/** The most arguments of one call. */
const atOnce = 4096

const toBase64 = (bytes: Uint8Array): string => {
  let binary = ""
  for (let at = 0; at < bytes.length; at += atOnce) {
    binary += String.fromCharCode(...bytes.subarray(at, at + atOnce))
  }
  return btoa(binary)
}
