/** What a game's servers get: its versions, and the content that the next one can be made of. */
import { GameFrame } from '../game-frame'
import { ContentCard } from './content-card'
import { DeploymentsCard } from './deployments-card'

/** The page. */
export default function GameContentPage({ gameId }: { gameId: string }) {
  return (
    <GameFrame gameId={gameId}>
      {(game) => (
        <>
          <DeploymentsCard game={game} />
          {game.status !== 'archived' && <ContentCard game={game} />}
        </>
      )}
    </GameFrame>
  )
}
