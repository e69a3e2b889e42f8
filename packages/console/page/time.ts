/** Words for times and lengths. Times are epoch milliseconds. */

const units = [["d", 86_400], ["h", 3_600], ["min", 60], ["s", 1]] as const

/** A length in its two largest units: `4 min 12 s`. */
export const span = (millis: number): string => {
  let rest = Math.max(0, Math.floor(millis / 1_000))
  const parts: Array<string> = []
  for (const [name, seconds] of units) {
    const count = Math.floor(rest / seconds)
    rest -= count * seconds
    if (count > 0 || parts.length > 0) parts.push(`${count} ${name}`)
  }
  return parts.slice(0, 2).join(" ").replace(/ 0 \w+$/, "") || "0 s"
}

export const clock = (at: number): string =>
  new Date(at).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" })

const hues = [252, 160, 300, 75, 205]

/** A colour for each generation. Neighbours differ. */
export const hue = (generation: number): number => hues[(Math.max(1, generation) - 1) % hues.length] ?? 252
