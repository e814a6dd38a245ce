/** Dates, times and places as people read them. */

const dateTime = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })
const date = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' })

/** A moment; `isDate` leaves the time of day out. */
export function When({ at, isDate }: { at: string; isDate?: boolean }) {
  return <time dateTime={at}>{(isDate ? date : dateTime).format(new Date(at))}</time>
}

/** The name of a country by its code. */
export function countryName(code: string): string {
  try {
    return new Intl.DisplayNames(undefined, { type: 'region' }).of(code) ?? code
  } catch {
    return code
  }
}
