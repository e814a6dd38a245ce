/** The frame of a page: its title, where it lies, what can be done. Moves the focus to the title after navigation. */
import { type ReactNode, useEffect, useRef } from 'react'
import { Link } from 'wouter'

export interface PageProps {
  title: string
  /** What stands over the title, with a way back. */
  parent?: { label: string; to: string }
  subtitle?: ReactNode
  actions?: ReactNode
  isNarrow?: boolean
  children: ReactNode
}

let isFirstPage = true

/** A page with its heading. */
export function Page({ title, parent, subtitle, actions, isNarrow, children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    document.title = `${title} · ToolboxAI Edge`
  }, [title])
  useEffect(() => {
    // On the very first page the browser's own focus is right; later ones would leave it on a link that is gone.
    if (!isFirstPage) heading.current?.focus()
    isFirstPage = false
  }, [])
  return (
    <main id="main" className={isNarrow ? 'page page-narrow' : 'page'}>
      <div className="page-head">
        <div>
          {parent && (
            <p className="crumb">
              <Link href={parent.to}>← {parent.label}</Link>
            </p>
          )}
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
          {subtitle && <p className="muted">{subtitle}</p>}
        </div>
        {actions && <div className="page-actions">{actions}</div>}
      </div>
      {children}
    </main>
  )
}
