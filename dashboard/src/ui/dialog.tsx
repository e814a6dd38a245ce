/** Modal dialogs: focus stays inside, Escape closes, focus goes back to where it was. */
import { type ReactNode, useState } from 'react'
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from 'react-aria-components'
import { explain } from '../api/problem'
import { Button } from './button'

export interface DialogProps {
  title: string
  isOpen: boolean
  /** Absent: the dialog must be answered and cannot be closed. */
  onClose?: () => void
  role?: 'dialog' | 'alertdialog'
  /** Hides what is under it. */
  isOpaque?: boolean
  children: ReactNode
}

/** A dialog over the page. */
export function Dialog({ title, isOpen, onClose, role = 'dialog', isOpaque, children }: DialogProps) {
  return (
    <ModalOverlay
      className={isOpaque ? 'backdrop backdrop-opaque' : 'backdrop'}
      isOpen={isOpen}
      onOpenChange={(open) => !open && onClose?.()}
      isDismissable={onClose !== undefined && role === 'dialog'}
      isKeyboardDismissDisabled={onClose === undefined}
    >
      <Modal className="dialog-frame">
        <AriaDialog className="dialog" role={role}>
          <Heading slot="title" level={2}>
            {title}
          </Heading>
          {children}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  )
}

export interface ConfirmButtonProps {
  /** The button that asks. */
  children: ReactNode
  title: string
  consequence: string
  confirmLabel: string
  variant?: 'secondary' | 'danger' | 'quiet'
  size?: 'small'
  'aria-label'?: string
  onConfirm: () => Promise<unknown>
}

/** A button whose deed is hard to undo: it says what will happen and asks once more. */
export function ConfirmButton(props: ConfirmButtonProps) {
  const {
    children,
    title,
    consequence,
    confirmLabel,
    onConfirm,
    variant = 'secondary',
    size,
    ...rest
  } = props
  const [isOpen, setOpen] = useState(false)
  const [isPending, setPending] = useState(false)
  const [error, setError] = useState<unknown>(null)

  const close = () => {
    setOpen(false)
    setError(null)
  }
  const confirm = async () => {
    setPending(true)
    try {
      await onConfirm()
      close()
    } catch (cause) {
      setError(cause)
    } finally {
      setPending(false)
    }
  }

  return (
    <>
      <Button {...rest} variant={variant} {...(size && { size })} onPress={() => setOpen(true)}>
        {children}
      </Button>
      <Dialog title={title} isOpen={isOpen} onClose={close} role="alertdialog">
        <p>{consequence}</p>
        {error !== null && <p className="field-error">{explain(error)}</p>}
        <div className="dialog-actions">
          <Button onPress={close}>Cancel</Button>
          <Button variant="primary" isPending={isPending} onPress={() => void confirm()}>
            {confirmLabel}
          </Button>
        </div>
      </Dialog>
    </>
  )
}
