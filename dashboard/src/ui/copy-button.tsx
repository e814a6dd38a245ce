/** Copies a text, and says so. */
import { useState } from 'react'
import { Button } from './button'

/** Where the browser forbids it, the text can still be marked by hand. */
export function CopyButton({ text, label }: { text: string; label: string }) {
  const [said, setSaid] = useState('')
  const copy = () =>
    navigator.clipboard.writeText(text).then(
      () => setSaid('Copied'),
      () => setSaid('Please mark and copy it by hand'),
    )
  return (
    <>
      <Button onPress={() => void copy()}>{label}</Button>
      <span role="status" className="muted small">
        {said}
      </span>
    </>
  )
}
