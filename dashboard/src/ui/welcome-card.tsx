/** The card in the middle of an otherwise empty page: for all that happens before somebody is signed in. */
import { type ReactNode, useEffect, useRef } from 'react'
import { BrandMark } from './brand'

export interface WelcomeCardProps {
  title: string
  subtitle?: ReactNode
  children: ReactNode
  /** Below the card's content: where else one might want to go. */
  footer?: ReactNode
}

let isFirstCard = true

/** The card with its heading, which gets the focus when one card follows another. */
export function WelcomeCard({ title, subtitle, children, footer }: WelcomeCardProps) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    document.title = `${title} · ToolboxAI Edge`
    if (!isFirstCard && !document.activeElement?.matches('input')) heading.current?.focus()
    isFirstCard = false
  }, [title])
  return (
    <main className="welcome" id="main">
      <div className="welcome-card card">
        <div className="welcome-brand">
          <BrandMark />
          <span>ToolboxAI Edge</span>
        </div>
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {subtitle && <p className="muted">{subtitle}</p>}
        {children}
        {footer && <div className="welcome-footer">{footer}</div>}
      </div>
    </main>
  )
}
