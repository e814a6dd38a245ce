/** The codes for when no other factor is at hand. They are shown once. */
import { Button } from '../../ui/button'
import { CopyButton } from '../../ui/copy-button'
import { Dialog } from '../../ui/dialog'
import { saveFile } from '../../ui/save-file'

/** Shows the codes until the person says that they have kept them. */
export function RecoveryCodesDialog({ codes, onClose }: { codes: string[] | null; onClose: () => void }) {
  const text = (codes ?? []).join('\n')
  const save = () =>
    saveFile('toolboxai-edge-recovery-codes.txt', new Blob([`${text}\n`], { type: 'text/plain' }))
  return (
    <Dialog title="Keep these recovery codes" isOpen={codes !== null}>
      <p>
        If you lose your phone or key, each of these signs you in once. You see them only now: print them or
        put them into a password manager.
      </p>
      <ul className="code-block recovery-codes" aria-label="Recovery codes">
        {codes?.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
      <div className="row">
        <CopyButton text={text} label="Copy" />
        <Button onPress={save}>Save as a file</Button>
      </div>
      <div className="dialog-actions">
        <Button variant="primary" onPress={onClose}>
          I have kept them
        </Button>
      </div>
    </Dialog>
  )
}
