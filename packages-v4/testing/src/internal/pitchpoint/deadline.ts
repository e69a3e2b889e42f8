/** "Valid for 24 hours rounded up to midnight eastern time", computed in a simple way: it checks each hour. */

const hour = 60 * 60 * 1000

const eastern = new Intl.DateTimeFormat("en-US", {
  timeZone: "America/New_York",
  hourCycle: "h23",
  hour: "2-digit",
  minute: "2-digit"
})

/** The offset of New York from UTC is whole hours, so its midnights are full hours. */
export const deadline = ({ signedInAt }: { readonly signedInAt: number }): number => {
  let moment = Math.ceil((signedInAt + 24 * hour) / hour) * hour
  while (eastern.format(moment) !== "00:00") moment += hour
  return moment
}
