//! Lesson outlines: a step for each objective, of the kind that its verb asks for, framed by an opening, a quiz and a close. The
//! minutes sum up to the duration, whatever it is.

use crate::model::{Activity, Bloom, Lesson, LessonStep, Objective};

/// Verbs, by what pupils do with what they learn.
const VERBS: [(Bloom, &[&str]); 6] = [
    (
        Bloom::Create,
        &["create", "design", "build", "compose", "invent", "write", "plan", "make", "construct", "develop"],
    ),
    (Bloom::Evaluate, &["evaluate", "judge", "argue", "justify", "assess", "defend", "criticise", "decide"]),
    (
        Bloom::Analyze,
        &[
            "analyze",
            "analyse",
            "compare",
            "contrast",
            "distinguish",
            "order",
            "sort",
            "classify",
            "investigate",
            "examine",
            "put",
        ],
    ),
    (
        Bloom::Apply,
        &[
            "apply",
            "use",
            "solve",
            "calculate",
            "compute",
            "add",
            "subtract",
            "multiply",
            "divide",
            "simplify",
            "measure",
            "practise",
            "practice",
            "convert",
            "demonstrate",
        ],
    ),
    (
        Bloom::Understand,
        &[
            "understand",
            "explain",
            "describe",
            "summarize",
            "summarise",
            "interpret",
            "discuss",
            "predict",
            "paraphrase",
        ],
    ),
    (
        Bloom::Remember,
        &[
            "remember",
            "list",
            "name",
            "recall",
            "identify",
            "define",
            "label",
            "recognize",
            "recognise",
            "know",
            "learn",
            "memorise",
        ],
    ),
];

/// What an objective asks for: what its author says, or else its first verb, or else to understand it.
pub fn bloom(objective: &Objective) -> Bloom {
    let read = || {
        let title = objective.title.to_lowercase();
        let mut words = title.split(|c: char| !c.is_alphabetic());
        words.find_map(|word| VERBS.iter().find(|(_, verbs)| verbs.contains(&word)).map(|(bloom, _)| *bloom))
    };
    objective.bloom_level.or_else(read).unwrap_or(Bloom::Understand)
}

const fn activity(bloom: Bloom) -> (Activity, &'static str) {
    match bloom {
        Bloom::Remember => (
            Activity::Explore,
            "Set out checkpoints on a trail through the place, one for each thing to find. Pupils name what they find before they go on.",
        ),
        Bloom::Understand => (
            Activity::Explain,
            "Pupils go together in pairs and explain it to each other in their own words. Ask two pairs to say it to the class.",
        ),
        Bloom::Apply => (
            Activity::Practise,
            "Show one worked example, then let pupils work through exercises at the stations. Go to those who are stuck.",
        ),
        Bloom::Analyze => (
            Activity::Sort,
            "Pupils sort examples into groups in the place and give a reason for each. Compare the groups that differ.",
        ),
        Bloom::Evaluate => (
            Activity::Debate,
            "Pupils stand at the side that they hold for right and give a reason. Who is convinced by another may change sides.",
        ),
        Bloom::Create => (
            Activity::Build,
            "Groups plan on paper first and then build in the place. Each group shows its work and says why it is as it is.",
        ),
    }
}

/// What the outline is made of.
pub struct Outline<'a> {
    /// Minutes, at least 3.
    pub duration: i64,
    /// At least one.
    pub objectives: &'a [Objective],
    /// Whether opening and close belong to it.
    pub is_whole: bool,
    /// Whether there is a quiz.
    pub has_quiz: bool,
}

/// The outline. Objectives share a step where the time is too short for one each.
pub fn outline(wanted: &Outline<'_>) -> Lesson {
    let frame = if wanted.is_whole { 2 } else { 0 } + i64::from(wanted.has_quiz);
    let room = usize::try_from(wanted.duration - frame).unwrap_or(0).max(1);
    let groups = wanted.objectives.len().clamp(1, room);
    let mut steps: Vec<(LessonStep, i64)> = Vec::new();
    let frame_step = |title: &str, activity, instructions: &str| LessonStep {
        title: title.to_owned(),
        activity,
        minutes: 1,
        bloom_level: None,
        instructions: instructions.to_owned(),
        objectives: (0..wanted.objectives.len()).collect(),
    };
    if wanted.is_whole {
        let text = "Say what the lesson is for, and ask what pupils know of it already. Collect words where all can see them.";
        steps.push((frame_step("Opening", Activity::Opening, text), 2));
    }
    for group in 0..groups {
        // So many objectives to each group that none is left over.
        let (from, to) =
            (group * wanted.objectives.len() / groups, (group + 1) * wanted.objectives.len() / groups);
        let members: Vec<&Objective> =
            wanted.objectives.iter().skip(from).take(to.saturating_sub(from)).collect();
        let highest = members.iter().map(|objective| bloom(objective)).max().unwrap_or(Bloom::Understand);
        let (kind, instructions) = activity(highest);
        let titles: Vec<&str> = members.iter().map(|objective| objective.title.as_str()).collect();
        let step = LessonStep {
            title: titles.join("; "),
            activity: kind,
            minutes: 1,
            bloom_level: Some(highest),
            instructions: instructions.to_owned(),
            objectives: (from..to).collect(),
        };
        steps.push((step, if highest >= Bloom::Evaluate { 7 } else { 5 }));
    }
    if wanted.has_quiz {
        let text = "Start the quiz as a live session. Look at the board for the questions that most got wrong, and take one up.";
        steps.push((frame_step("Quiz", Activity::Quiz, text), 4));
    }
    if wanted.is_whole {
        let text = "Go back to the words of the opening: what is clearer now? Each pupil names one thing to look at again.";
        steps.push((frame_step("Close", Activity::Close, text), 2));
    }
    Lesson {
        duration_minutes: wanted.duration,
        objectives: wanted.objectives.to_vec(),
        key_terms: Vec::new(),
        key_sentences: Vec::new(),
        steps: timed(steps, wanted.duration),
    }
}

/// A minute for each step, and the rest by weight. What rounding leaves goes to the heaviest, one each.
fn timed(steps: Vec<(LessonStep, i64)>, duration: i64) -> Vec<LessonStep> {
    let rest = duration - i64::try_from(steps.len()).unwrap_or(0);
    let weights: i64 = steps.iter().map(|(_, weight)| weight).sum::<i64>().max(1);
    let mut left = rest - steps.iter().map(|(_, weight)| rest * weight / weights).sum::<i64>();
    let mut timed: Vec<(LessonStep, i64)> = steps
        .into_iter()
        .map(|(step, weight)| (LessonStep { minutes: 1 + rest * weight / weights, ..step }, weight))
        .collect();
    let mut order: Vec<usize> = (0..timed.len()).collect();
    order.sort_by_key(|place| std::cmp::Reverse(timed.get(*place).map_or(0, |(_, weight)| *weight)));
    for place in order {
        if let Some((step, _)) = timed.get_mut(place)
            && left > 0
        {
            step.minutes += 1;
            left -= 1;
        }
    }
    timed.into_iter().map(|(step, _)| step).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Strategy, prop, prop_assert, prop_assert_eq, proptest};

    use super::{Outline, bloom, outline};
    use crate::model::{Activity, Bloom, Objective};

    fn objective(title: &str) -> Objective {
        Objective { title: title.to_owned(), description: String::new(), bloom_level: None }
    }

    #[test]
    fn the_verb_says_what_pupils_do() {
        assert_eq!(bloom(&objective("Solve linear equations")), Bloom::Apply);
        assert_eq!(bloom(&objective("Pupils can compare fractions")), Bloom::Analyze);
        assert_eq!(bloom(&objective("Photosynthesis")), Bloom::Understand);
        let said = Objective { bloom_level: Some(Bloom::Create), ..objective("List the planets") };
        assert_eq!(bloom(&said), Bloom::Create);
    }

    fn objectives() -> impl Strategy<Value = Vec<Objective>> {
        let title =
            prop::sample::select(vec!["Name the planets", "Build a bridge", "Add fractions", "Light"]);
        prop::collection::vec(title.prop_map(objective), 1..=20)
    }

    proptest! {
        #[test]
        fn minutes_sum_up_to_the_duration_and_every_objective_has_its_step(
            objectives in objectives(), duration in 5i64..=180, is_whole in prop::bool::ANY, has_quiz in prop::bool::ANY,
        ) {
            let wanted = Outline { duration, objectives: &objectives, is_whole, has_quiz };
            let lesson = outline(&wanted);
            prop_assert_eq!(lesson.steps.iter().map(|step| step.minutes).sum::<i64>(), duration);
            prop_assert!(lesson.steps.iter().all(|step| step.minutes >= 1));
            let mut served: Vec<usize> = lesson.steps.iter().filter(|step| step.bloom_level.is_some())
                .flat_map(|step| step.objectives.clone()).collect();
            served.sort_unstable();
            prop_assert_eq!(served, (0..objectives.len()).collect::<Vec<_>>());
            prop_assert_eq!(lesson.steps.iter().any(|step| step.activity == Activity::Quiz), has_quiz);
        }
    }
}
