/** Watches how long nobody has done anything in any tab. */
import { ACTIVITY_EVERY_MS, HOLD_EVERY_MS, IDLE_ENDS_MS, IDLE_WARNS_MS } from './limits'
import type { Memory, Timer } from './ports'
import { idlePhase } from './state'

/** Whom it watches, and what comes of it. */
export interface Watched {
  memory: Memory
  /** Whether anybody is signed in who could be idle. */
  isHere: () => boolean
  /** Whether they were asked if they are still there. */
  isWarned: () => boolean
  /** Asks them, as the session ends at `endsAt`; null when nothing needs to be asked. */
  warn: (endsAt: number | null) => void
  end: () => void
}

/** Warns, ends, or looks again when it is time. Other tabs count too, by what they remember in common. */
export class IdleWatch {
  #timer: Timer
  #holds = 0
  readonly #watched: Watched

  constructor(watched: Watched) {
    this.#watched = watched
  }

  /** Whether something counts as active by itself. */
  get isHeld(): boolean {
    return this.#holds > 0
  }

  /** Whether it is too late to go on, though no tab was awake to end it. */
  get isOver(): boolean {
    const { lastActive } = this.#watched.memory
    return lastActive !== null && Date.now() - lastActive >= IDLE_ENDS_MS
  }

  /** The person did something. While they are asked whether they are there, only the answer counts. */
  touch(): void {
    const { memory, isHere, isWarned } = this.#watched
    if (!isHere() || isWarned()) return
    if (Date.now() - (memory.lastActive ?? 0) >= ACTIVITY_EVERY_MS) this.setActive()
  }

  /** Unless it is too late: a machine that slept too long is not woken by the first touch. */
  setActive(): void {
    if (!this.isOver) this.#watched.memory.lastActive = Date.now()
    this.look()
  }

  /** Counts as active until the returned function is called. */
  hold(): () => void {
    this.#holds += 1
    this.look()
    return () => {
      this.#holds -= 1
    }
  }

  /** Looks how long it has been. */
  look(): void {
    clearTimeout(this.#timer)
    const { memory, isHere, warn, end } = this.#watched
    if (!isHere()) return
    const now = Date.now()
    if (this.isHeld && !this.isOver) memory.lastActive = now
    const idle = idlePhase(memory.lastActive ?? now, now, { warnsMs: IDLE_WARNS_MS, endsMs: IDLE_ENDS_MS })
    if (idle.phase === 'over') {
      end()
      return
    }
    warn(idle.phase === 'warned' ? idle.changesAt : null)
    this.#timer = setTimeout(() => this.look(), this.isHeld ? HOLD_EVERY_MS : idle.changesAt - now)
  }
}
