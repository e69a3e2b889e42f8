/** "Did you mean …?" */

/** How many letters have to be added, left out, replaced or swapped with their neighbour (optimal string alignment). */
const distance = (from: string, to: string): number => {
  let before: ReadonlyArray<number> = []
  let above: ReadonlyArray<number> = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (let row = 1; row <= from.length; row++) {
    const current = [row]
    for (let column = 1; column <= to.length; column++) {
      const isSame = from[row - 1] === to[column - 1]
      const isSwapped = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]
      current.push(Math.min(
        (above[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (above[column - 1] ?? 0) + (isSame ? 0 : 1),
        isSwapped ? (before[column - 2] ?? 0) + 1 : Infinity
      ))
    }
    before = above
    above = current
  }
  return above[to.length] ?? 0
}

/** The known word that a mistyped one is closest to; nothing where that would be a guess. */
export const nearest = (typed: string, known: ReadonlyArray<string>): string | undefined => {
  // Longer words are no slips of the finger, and comparing them takes time.
  if (typed.length > 40) return undefined
  const word = typed.toLowerCase()
  const [best] = known
    .map((name) => ({ name, far: name.startsWith(word) && word.length >= 3 ? 1 : distance(word, name) }))
    .sort((a, b) => a.far - b.far)
  return best !== undefined && best.far <= Math.max(1, Math.floor(best.name.length / 3)) ? best.name : undefined
}
