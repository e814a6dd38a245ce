/** Buttons and links that look like them. */
import type { ReactNode } from 'react'
import { Button as AriaButton, type ButtonProps as AriaButtonProps } from 'react-aria-components'
import { Link } from 'wouter'

type Variant = 'primary' | 'secondary' | 'quiet' | 'danger'

interface Look {
  variant?: Variant
  size?: 'small' | 'icon'
}

export interface ButtonProps extends Look, Omit<AriaButtonProps, 'className' | 'style'> {}

function classFor({ variant = 'secondary', size }: Look): string {
  return ['button', `button-${variant}`, size && `button-${size}`].filter(Boolean).join(' ')
}

/**
 * A button. While `isPending` it keeps the focus and does nothing. (React Aria's own pending state announces by
 * pointing at elements, which leaves dangling references when the page changes with the answer.)
 */
export function Button({ variant, size, isPending = false, onPress, ...props }: ButtonProps) {
  return (
    <AriaButton
      {...props}
      {...(onPress && !isPending && { onPress })}
      className={classFor(look(variant, size))}
      data-pending={isPending || undefined}
    />
  )
}

/** A link to another page of the dashboard, drawn as a button. */
export function ButtonLink({ variant, size, to, children }: Look & { to: string; children: ReactNode }) {
  return (
    <Link href={to} className={classFor(look(variant, size))}>
      {children}
    </Link>
  )
}

function look(variant: Variant | undefined, size: Look['size']): Look {
  return { ...(variant && { variant }), ...(size && { size }) }
}
