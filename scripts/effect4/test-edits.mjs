/**
 * What differs in single lines of tests: words of an error, a name in a printed form. The left text has to be in the test
 * after the codemod, exactly once.
 */
export const edits = {
  // Two sleepers of the same instant are woken in another order: here the owner that met the fault asks again itself.
  "test/core/guarantees/availability.test.ts": [
    [`ScriptedProvider.after("1 second", session.down), session.down)`, `ScriptedProvider.after("1 second", session.down))`]
  ]
}
