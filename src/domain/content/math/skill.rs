//! What this mathematics knows, by the words that teachers use for it.

use super::super::work::Work;
use super::level::Level;
use super::problem::Problem;
use super::{equations, fractions, geometry, operations, percentages};
use crate::domain::quiz::QuestionType;

/// Something that can be practised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Skill {
    /// a + b.
    Addition,
    /// a − b.
    Subtraction,
    /// a × b.
    Multiplication,
    /// a ÷ b.
    Division,
    /// a/b + c/d.
    FractionAddition,
    /// a/b − c/d.
    FractionSubtraction,
    /// a/b × c/d.
    FractionMultiplication,
    /// a/b ÷ c/d.
    FractionDivision,
    /// Lowest terms.
    FractionSimplification,
    /// <, = or >.
    FractionComparison,
    /// Smallest first.
    FractionOrder,
    /// p % of n.
    Percentages,
    /// ax + b = c.
    LinearEquations,
    /// Around.
    Perimeter,
    /// Within.
    Area,
    /// Inside.
    Volume,
    /// The missing one.
    Angles,
    /// The missing side.
    Pythagoras,
}

/// What is known, for people.
pub const KNOWN: &str = "addition, subtraction, multiplication, division, fractions (add, subtract, multiply, divide, simplify, \
compare, order), percentages, linear equations, perimeter, area, volume, angles, Pythagoras";

use Skill as S;

const OPERATIONS: [(Skill, &[&str]); 4] = [
    (S::Addition, &["add", "adding", "addition", "sum", "sums", "plus"]),
    (S::Subtraction, &["subtract", "subtracting", "subtraction", "minus", "difference", "differences"]),
    (S::Multiplication, &["multiply", "multiplying", "multiplication", "product", "products", "times"]),
    (S::Division, &["divide", "dividing", "division", "quotient", "quotients"]),
];

const OF_FRACTIONS: [(Skill, &[&str]); 7] = [
    (S::FractionAddition, OPERATIONS[0].1),
    (S::FractionSubtraction, OPERATIONS[1].1),
    (S::FractionMultiplication, OPERATIONS[2].1),
    (S::FractionDivision, OPERATIONS[3].1),
    (
        S::FractionSimplification,
        &["simplify", "simplifying", "simplification", "reduce", "reducing", "equivalent"],
    ),
    (S::FractionComparison, &["compare", "comparing", "comparison"]),
    (S::FractionOrder, &["order", "ordering", "sort", "sorting"]),
];

const OTHERS: [(Skill, &[&str]); 7] = [
    (S::Percentages, &["percent", "percents", "percentage", "percentages", "%"]),
    (S::LinearEquations, &["equation", "equations", "algebra"]),
    (S::Perimeter, &["perimeter", "perimeters"]),
    (S::Area, &["area", "areas"]),
    (S::Volume, &["volume", "volumes"]),
    (S::Angles, &["angle", "angles"]),
    (S::Pythagoras, &["pythagoras", "pythagorean", "hypotenuse"]),
];

/// Words that make of what is known something else.
const FOREIGN: [&str; 37] = [
    "quadratic",
    "quadratics",
    "cubic",
    "simultaneous",
    "exponential",
    "inequality",
    "inequalities",
    "calculus",
    "derivative",
    "derivatives",
    "integral",
    "integrals",
    "trigonometry",
    "trigonometric",
    "sine",
    "cosine",
    "statistics",
    "probability",
    "logarithm",
    "logarithms",
    "matrix",
    "matrices",
    "vector",
    "vectors",
    "polynomial",
    "polynomials",
    "circle",
    "circles",
    "sphere",
    "spheres",
    "cylinder",
    "cone",
    "differential",
    "complex",
    "decimal",
    "decimals",
    "remainder",
];

/// Words for no topic in particular.
const GENERAL: [&str; 17] = [
    "general",
    "mathematics",
    "math",
    "maths",
    "mixed",
    "practice",
    "practise",
    "revision",
    "review",
    "quiz",
    "test",
    "basic",
    "basics",
    "skills",
    "grade",
    "lesson",
    "numbers",
];

/// What a phrase asks for.
#[derive(Debug, PartialEq, Eq)]
pub enum Asked {
    /// These.
    For(Vec<Skill>),
    /// Whatever the school year does.
    Anything,
    /// Something that this mathematics does not know.
    Unknown,
}

/// Reads a topic or an objective.
pub fn asked(phrase: &str) -> Asked {
    let phrase = phrase.to_lowercase();
    let words: Vec<&str> =
        phrase.split(|c: char| !c.is_alphanumeric() && c != '%').filter(|word| !word.is_empty()).collect();
    let has = |list: &[&str]| list.iter().any(|word| words.contains(word));
    let of = |table: &[(Skill, &[&str])]| -> Vec<Skill> {
        table.iter().filter(|(_, names)| has(names)).map(|(skill, _)| *skill).collect()
    };
    if has(&FOREIGN) {
        return Asked::Unknown;
    }
    let mut skills = of(&OTHERS);
    let operations = of(&OPERATIONS);
    if has(&["fraction", "fractions"]) {
        let mut named = of(&OF_FRACTIONS);
        if named.is_empty() {
            named = OF_FRACTIONS.iter().map(|(skill, _)| *skill).collect();
        }
        skills.extend(named);
    } else if !skills.is_empty() {
        // "Add the angles of a triangle" is about angles.
    } else if has(&["geometry", "shapes"]) {
        skills.extend([S::Perimeter, S::Area, S::Volume, S::Angles]);
    } else if has(&["operations", "arithmetic", "calculate", "calculating", "calculation"])
        && operations.is_empty()
    {
        skills.extend([S::Addition, S::Subtraction, S::Multiplication, S::Division]);
    } else {
        skills.extend(operations);
    }
    if !skills.is_empty() {
        Asked::For(skills)
    } else if !words.is_empty()
        && words.iter().all(|word| GENERAL.contains(word) || word.parse::<u8>().is_ok())
    {
        Asked::Anything
    } else {
        Asked::Unknown
    }
}

/// What a school year does, as a mix.
pub fn of_grade(grade: i64) -> &'static [Skill] {
    match grade {
        ..=2 => &[S::Addition, S::Subtraction],
        3 => &[S::Addition, S::Subtraction, S::Multiplication, S::Division, S::Perimeter],
        4 => &[
            S::Multiplication,
            S::Division,
            S::FractionAddition,
            S::FractionComparison,
            S::Area,
            S::Perimeter,
            S::Addition,
        ],
        5 => &[
            S::FractionAddition,
            S::FractionSubtraction,
            S::FractionSimplification,
            S::FractionOrder,
            S::Multiplication,
            S::Division,
            S::Volume,
            S::Area,
        ],
        6 => &[
            S::FractionMultiplication,
            S::FractionDivision,
            S::FractionComparison,
            S::Percentages,
            S::Area,
            S::Angles,
            S::LinearEquations,
        ],
        7 => &[
            S::Percentages,
            S::LinearEquations,
            S::FractionAddition,
            S::FractionDivision,
            S::Angles,
            S::Volume,
        ],
        _ => &[S::LinearEquations, S::Pythagoras, S::Percentages, S::Angles, S::Volume, S::FractionDivision],
    }
}

impl Skill {
    /// As an objective says it.
    pub const fn objective(self) -> &'static str {
        match self {
            S::Addition => "Add whole numbers",
            S::Subtraction => "Subtract whole numbers",
            S::Multiplication => "Multiply whole numbers",
            S::Division => "Divide whole numbers",
            S::FractionAddition => "Add fractions",
            S::FractionSubtraction => "Subtract fractions",
            S::FractionMultiplication => "Multiply fractions",
            S::FractionDivision => "Divide fractions",
            S::FractionSimplification => "Simplify fractions",
            S::FractionComparison => "Compare fractions",
            S::FractionOrder => "Put fractions in order",
            S::Percentages => "Calculate percentages",
            S::LinearEquations => "Solve linear equations",
            S::Perimeter => "Calculate the perimeter of shapes",
            S::Area => "Calculate the area of shapes",
            S::Volume => "Calculate the volume of boxes and cubes",
            S::Angles => "Calculate missing angles",
            S::Pythagoras => "Use the theorem of Pythagoras",
        }
    }

    /// A problem of it.
    pub fn problem(self, work: &mut Work, level: Level) -> Problem {
        work.step(1);
        match self {
            S::Addition => operations::addition(work, level),
            S::Subtraction => operations::subtraction(work, level),
            S::Multiplication => operations::multiplication(work, level),
            S::Division => operations::division(work, level),
            S::FractionAddition => fractions::addition(work, level),
            S::FractionSubtraction => fractions::subtraction(work, level),
            S::FractionMultiplication => fractions::multiplication(work, level),
            S::FractionDivision => fractions::division(work, level),
            S::FractionSimplification => fractions::simplification(work, level),
            S::FractionComparison => fractions::comparison(work, level),
            S::FractionOrder => fractions::value(work, level),
            S::Percentages => percentages::percentage(work, level),
            S::LinearEquations => equations::linear(work, level),
            S::Perimeter => geometry::perimeter(work, level),
            S::Area => geometry::area(work, level),
            S::Volume => geometry::volume(work, level),
            S::Angles => geometry::angles(work, level),
            S::Pythagoras => geometry::pythagoras(work, level),
        }
    }

    /// The types of question that suit it.
    pub const fn forms(self) -> &'static [QuestionType] {
        use QuestionType::{
            Matching, MultipleChoice, MultipleResponse, Numeric, Ordering, ShortAnswer, TrueFalse,
        };
        match self {
            S::FractionAddition
            | S::FractionSubtraction
            | S::FractionMultiplication
            | S::FractionDivision
            | S::FractionSimplification => {
                &[MultipleChoice, ShortAnswer, TrueFalse, MultipleResponse, Matching]
            }
            S::FractionComparison => &[MultipleChoice, TrueFalse, MultipleResponse],
            S::FractionOrder => &[Ordering],
            S::LinearEquations => &[Numeric, MultipleChoice, ShortAnswer, TrueFalse, Matching],
            _ => &[Numeric, MultipleChoice, TrueFalse, Ordering, Matching, MultipleResponse],
        }
    }

    /// The types that it can be asked as, when a caller names types.
    pub fn takes(self, form: QuestionType) -> bool {
        let is_open = !matches!(self, S::FractionComparison | S::FractionOrder);
        self.forms().contains(&form) || (is_open && form == QuestionType::ShortAnswer)
    }
}
