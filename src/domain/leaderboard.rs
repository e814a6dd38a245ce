//! The board: competition ranking (1, 2, 2, 4) over what pupils earned.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ids::SeatId;
use super::xp;

/// Over which time XP counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Window {
    /// The session that runs, or the last one.
    Session,
    /// Since midnight UTC.
    Day,
    /// Since Monday, midnight UTC.
    Week,
    /// Ever.
    #[default]
    All,
}

/// What a pupil stands with, before ranking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The seat.
    pub seat_id: SeatId,
    /// The pupil's name.
    pub display_name: String,
    /// XP earned in the window; what ranks.
    pub xp: u64,
    /// All the XP of the seat; what the level comes from.
    pub total_xp: u64,
    /// Points in the session, 0 outside one.
    pub points: u64,
}

/// One line of the board.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LeaderboardItem {
    /// 1, 2, 2, 4: equal XP is equal rank.
    pub rank: u64,
    /// The seat.
    pub seat_id: SeatId,
    /// The pupil's name.
    pub display_name: String,
    /// XP earned in the window.
    pub xp: u64,
    /// From all the XP of the seat.
    pub level: u64,
    /// Points in the session, 0 outside one.
    pub points: u64,
}

/// Ranks. Within a rank by name, then by seat: the same facts give the same board in whatever order they came.
pub fn rank(mut standings: Vec<Standing>) -> Vec<LeaderboardItem> {
    standings.sort_by(|a, b| {
        b.xp.cmp(&a.xp)
            .then_with(|| a.display_name.cmp(&b.display_name))
            .then_with(|| a.seat_id.cmp(&b.seat_id))
    });
    let mut items: Vec<LeaderboardItem> = Vec::with_capacity(standings.len());
    for (place, standing) in (1..).zip(standings) {
        let rank = items.last().filter(|before| before.xp == standing.xp).map_or(place, |before| before.rank);
        items.push(LeaderboardItem {
            rank,
            seat_id: standing.seat_id,
            display_name: standing.display_name,
            xp: standing.xp,
            level: xp::level(standing.total_xp),
            points: standing.points,
        });
    }
    items
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn standing(number: usize, xp: u64) -> Standing {
        let seat_id = SeatId::parse(&format!("seat_{number:026}")).unwrap();
        Standing { seat_id, display_name: format!("Pupil {number}"), xp, total_xp: xp, points: xp }
    }

    fn ranks(xps: &[u64]) -> Vec<u64> {
        let standings = xps.iter().enumerate().map(|(number, xp)| standing(number, *xp)).collect();
        rank(standings).into_iter().map(|item| item.rank).collect()
    }

    #[test]
    fn equal_xp_is_equal_rank_and_the_next_rank_is_skipped() {
        assert_eq!(ranks(&[30, 20, 20, 10]), [1, 2, 2, 4]);
        assert_eq!(ranks(&[0, 0, 0]), [1, 1, 1]);
        assert!(ranks(&[]).is_empty());
    }

    proptest! {
        #[test]
        fn the_order_of_the_facts_does_not_matter(mut order in Just((0..12_usize).collect::<Vec<_>>()).prop_shuffle(), xps in prop::collection::vec(0_u64..4, 12)) {
            let shuffled = rank(order.iter().map(|number| standing(*number, xps[*number])).collect());
            order.sort_unstable();
            prop_assert_eq!(shuffled, rank(order.iter().map(|number| standing(*number, xps[*number])).collect()));
        }

        #[test]
        fn a_rank_is_one_more_than_the_pupils_ahead(xps in prop::collection::vec(0_u64..6, 0..20)) {
            for item in rank(xps.iter().enumerate().map(|(number, xp)| standing(number, *xp)).collect()) {
                let ahead = xps.iter().filter(|xp| **xp > item.xp).count() as u64;
                prop_assert_eq!(item.rank, ahead + 1);
            }
        }
    }
}
