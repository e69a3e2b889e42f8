/** Parses JSON without an error message, because the engine's message quotes the text. `undefined`: not JSON. */
export const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
