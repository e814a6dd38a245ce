/** Rows that change places glide there instead of jumping, unless the user asked for less motion. */
import { type RefObject, useLayoutEffect, useRef } from 'react'

const GLIDE_MS = 450
const EASING = 'cubic-bezier(0.2, 0.8, 0.2, 1)'

/**
 * Watches the children with `data-glide` of the list. `order` must change when, and only when, they may have moved.
 * The document is in its final order at once; only the picture takes its time.
 */
export function useGlide(list: RefObject<HTMLElement | null>, order: string): void {
  const tops = useRef(new Map<string, number>())

  // biome-ignore lint/correctness/useExhaustiveDependencies: the order is what makes rows move
  useLayoutEffect(() => {
    const rows = list.current?.querySelectorAll<HTMLElement>('[data-glide]') ?? []
    const isCalm = window.matchMedia('(prefers-reduced-motion: reduce)').matches
    const next = new Map<string, number>()
    for (const row of rows) {
      const id = row.dataset.glide ?? ''
      const top = row.offsetTop
      next.set(id, top)
      const before = tops.current.get(id)
      if (before === undefined || isCalm) continue
      // A row still on its way starts from where it is seen now, not from where it was going.
      const offset = before + new DOMMatrix(getComputedStyle(row).transform).m42 - top
      for (const animation of row.getAnimations()) animation.cancel()
      if (Math.abs(offset) >= 1) glide(row, offset)
    }
    tops.current = next
  }, [list, order])
}

function glide(row: HTMLElement, offset: number): void {
  row.animate([{ transform: `translateY(${offset}px)` }, { transform: 'none' }], {
    duration: GLIDE_MS,
    easing: EASING,
  })
}
