/** Two people changed one quiz: says so, and lets this one decide. */
import { useState } from 'react'
import { explain } from '../api/problem'
import { Button } from '../ui/button'
import { Dialog } from '../ui/dialog'

export interface ConflictDialogProps {
  isOpen: boolean
  onClose: () => void
  onTakeTheirs: () => Promise<void>
  onKeepMine: () => Promise<void>
}

/** The choice between the two versions. */
export function ConflictDialog({ isOpen, onClose, onTakeTheirs, onKeepMine }: ConflictDialogProps) {
  const [isPending, setPending] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const choose = async (deed: () => Promise<void>) => {
    setPending(true)
    setError(null)
    try {
      await deed()
    } catch (cause) {
      setError(cause)
    } finally {
      setPending(false)
    }
  }
  return (
    <Dialog title="Somebody else changed this quiz" isOpen={isOpen} onClose={onClose}>
      <p>
        It was saved by another person, or in another tab, after you opened it. Your changes are still here,
        but not saved.
      </p>
      {error !== null && <p className="field-error">{explain(error)}</p>}
      <div className="stack">
        <Button isPending={isPending} onPress={() => void choose(onKeepMine)}>
          Save mine over theirs
        </Button>
        <Button isPending={isPending} onPress={() => void choose(onTakeTheirs)}>
          Load theirs and drop my changes
        </Button>
        <Button variant="quiet" onPress={onClose}>
          Decide later
        </Button>
      </div>
    </Dialog>
  )
}
