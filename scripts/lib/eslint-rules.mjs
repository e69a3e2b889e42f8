/**
 * `eslint-disable` without a reason is an error: the reason stands behind ` -- ` in the same comment.
 */
export const disableNeedsReason = {
  meta: {
    type: "problem",
    schema: [],
    messages: { reason: "Say why: `{{directive}} rule -- the reason`." }
  },
  create: (context) => ({
    Program() {
      for (const comment of context.sourceCode.getAllComments()) {
        const directive = /^\s*(eslint-disable(?:-next-line|-line)?)\b/.exec(comment.value)?.[1]
        if (directive !== undefined && !/\s--\s+\S/.test(comment.value)) {
          context.report({ loc: comment.loc, messageId: "reason", data: { directive } })
        }
      }
    }
  })
}
