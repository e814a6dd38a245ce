/** How hard a password is to guess. Large, as it knows the common ones: loaded when somebody begins to choose one. */
import { ZxcvbnFactory } from '@zxcvbn-ts/core'
import { adjacencyGraphs, dictionary } from '@zxcvbn-ts/language-common'

const estimator = new ZxcvbnFactory({ dictionary, graphs: adjacencyGraphs })

/** From 0 (guessed at once) to 4. `own` are the person's names and address, which attackers try first. */
export function strengthOf(password: string, own: string[]): number {
  const words = own.flatMap((text) => [text, ...text.split(/[\s@.]+/)]).filter((word) => word.length > 2)
  return estimator.check(password, words).score
}
