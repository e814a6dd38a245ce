//! What a game gets of a question. There is no field for a key, and the parts are shuffled.

use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};
use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use super::author::QuestionType;
use super::{Kind, Part, Question};
use crate::domain::ids::{PartId, QuestionId};

/// A question without its key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct QuestionDelivery {
    /// The question.
    pub id: QuestionId,
    /// How it is answered.
    #[serde(rename = "type")]
    pub question_type: QuestionType,
    /// What is asked.
    pub prompt: String,
    /// For a right answer.
    pub points: u32,
    /// multiple_choice and multiple_response.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub options: Option<Vec<DeliveryPart>>,
    /// ordering.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items: Option<Vec<DeliveryPart>>,
    /// matching.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lefts: Option<Vec<DeliveryPart>>,
    /// matching.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rights: Option<Vec<DeliveryPart>>,
}

/// A part to show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct DeliveryPart {
    /// What an answer names.
    pub id: PartId,
    /// What is shown.
    pub text: String,
}

impl Question {
    /// The question for a game. The same seed gives the same order, so that a server that asks again, and a second
    /// server of the same class, show the same.
    pub fn deliver(&self, seed: &str) -> QuestionDelivery {
        let mut rng = rng(seed, self.id.as_str());
        let mut delivery = QuestionDelivery {
            id: self.id.clone(),
            question_type: self.kind.question_type(),
            prompt: self.prompt.clone(),
            points: self.points,
            options: None,
            items: None,
            lefts: None,
            rights: None,
        };
        match &self.kind {
            Kind::MultipleChoice(options) | Kind::MultipleResponse(options) => {
                delivery.options = Some(shuffled(options.iter().map(|(part, _)| part), &mut rng));
            }
            Kind::Ordering(items) => delivery.items = Some(shuffled(items.iter(), &mut rng)),
            Kind::Matching(pairs) => {
                delivery.lefts = Some(shuffled(pairs.iter().map(|(left, _)| left), &mut rng));
                delivery.rights = Some(shuffled(pairs.iter().map(|(_, right)| right), &mut rng));
            }
            Kind::TrueFalse(_) | Kind::Numeric { .. } | Kind::ShortAnswer(_) => {}
        }
        delivery
    }
}

fn rng(seed: &str, question: &str) -> ChaCha8Rng {
    let digest = Sha256::digest(format!("{seed}:{question}"));
    ChaCha8Rng::from_seed(digest.into())
}

/// Fisher–Yates. Ten parts at most, so the modulo's bias is below one in 400 million.
fn shuffled<'a>(parts: impl Iterator<Item = &'a Part>, rng: &mut ChaCha8Rng) -> Vec<DeliveryPart> {
    let mut parts: Vec<DeliveryPart> =
        parts.map(|part| DeliveryPart { id: part.id.clone(), text: part.text.clone() }).collect();
    for last in (1..parts.len()).rev() {
        let bound = u32::try_from(last + 1).unwrap_or(u32::MAX);
        parts.swap(last, usize::try_from(rng.next_u32() % bound).unwrap_or(0));
    }
    parts
}
