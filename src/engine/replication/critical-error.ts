/** In Redis' words (networking.c, afterErrorReply): the two ends do not have the same data any more. */
export function criticalError(
  { from, to }: { readonly from: string; readonly to: string },
  command: string,
  error: string,
): string {
  return `== CRITICAL == This ${from} is sending an error to its ${to}: '${error}' after processing the command '${command}'`
}
