/** A part of the page that scrolls sideways by itself, also by keyboard. */
import type { ReactNode } from 'react'

/** Wide tables live here, so that the page itself never scrolls sideways on a phone. */
export function ScrollRegion({
  label,
  className,
  children,
}: {
  label: string
  className?: string
  children: ReactNode
}) {
  return (
    <section
      className={['table-scroll', className].filter(Boolean).join(' ')}
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
      tabIndex={0}
    >
      {children}
    </section>
  )
}
