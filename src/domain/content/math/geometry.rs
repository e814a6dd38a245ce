//! Geometry: perimeter, area, volume, angles and Pythagoras, with whole results.

use super::super::rational::Rational;
use super::super::work::Work;
use super::level::Level;
use super::problem::{Problem, Style};

const CM: Style = Style { before: "", after: " cm" };
const CM2: Style = Style { before: "", after: " cm²" };
const CM3: Style = Style { before: "", after: " cm³" };
const DEGREES: Style = Style { before: "", after: "°" };

/// Right triangles with whole sides, in lowest terms.
const TRIPLES: [(i64, i64, i64); 7] =
    [(3, 4, 5), (5, 12, 13), (8, 15, 17), (7, 24, 25), (20, 21, 29), (12, 35, 37), (9, 40, 41)];

fn whole(number: i64) -> Rational {
    Rational::whole(number)
}

/// Of a rectangle, a square or a triangle.
pub fn perimeter(work: &mut Work, level: Level) -> Problem {
    let (a, b) = (work.range(2, level.side()), work.range(2, level.side()));
    match work.below(3) {
        0 => {
            let thing = format!("the perimeter of a rectangle of {a} cm by {b} cm");
            let working = format!("2 × ({a} cm + {b} cm) = 2 × {} cm = {} cm.", a + b, 2 * (a + b));
            Problem::about(&thing, whole(2 * (a + b)), CM, working)
                .slip_whole(a * b, "computes the area")
                .slip_whole(a + b, "adds two sides alone")
                .slip_whole(2 * a + b, "forgets one side")
        }
        1 => {
            let thing = format!("the perimeter of a square with sides of {a} cm");
            let working = format!("4 × {a} cm = {} cm.", 4 * a);
            Problem::about(&thing, whole(4 * a), CM, working)
                .slip_whole(a * a, "computes the area")
                .slip_whole(2 * a, "adds two sides alone")
                .slip_whole(3 * a, "forgets one side")
        }
        _ => {
            let least = (a - b).abs() + 1;
            let c = work.range(least, (a + b - 1).min(least + level.side()));
            let thing = format!("the perimeter of a triangle with sides of {a} cm, {b} cm and {c} cm");
            let working = format!("{a} cm + {b} cm + {c} cm = {} cm.", a + b + c);
            Problem::about(&thing, whole(a + b + c), CM, working)
                .slip_whole(a + b, "forgets one side")
                .slip_whole(a * b * c, "multiplies the sides")
                .slip_whole(2 * (a + b), "computes it as if it were a rectangle")
        }
    }
}

/// Of a rectangle, a parallelogram or a triangle.
pub fn area(work: &mut Work, level: Level) -> Problem {
    let (a, b) = (work.range(2, level.side()), work.range(2, level.side()));
    match work.below(if level.grade <= 4 { 1 } else { 3 }) {
        0 => {
            let thing = format!("the area of a rectangle of {a} cm by {b} cm");
            Problem::about(&thing, whole(a * b), CM2, format!("{a} cm × {b} cm = {} cm².", a * b))
                .slip_whole(2 * (a + b), "computes the perimeter")
                .slip_whole(a + b, "adds the sides")
                .slip_whole(2 * a * b, "doubles it, as for a perimeter")
        }
        1 => {
            let thing = format!("the area of a parallelogram with a base of {a} cm and a height of {b} cm");
            let working = format!("Base × height = {a} cm × {b} cm = {} cm².", a * b);
            Problem::about(&thing, whole(a * b), CM2, working)
                .slip_whole(2 * (a + b), "computes a perimeter")
                .slip(Rational::new(a * b, 2), "halves it, as for a triangle")
                .slip_whole(a + b, "adds base and height")
        }
        _ => {
            let a = a * 2;
            let thing = format!("the area of a triangle with a base of {a} cm and a height of {b} cm");
            let working = format!("Base × height ÷ 2 = {a} cm × {b} cm ÷ 2 = {} cm².", a * b / 2);
            Problem::about(&thing, whole(a * b / 2), CM2, working)
                .slip_whole(a * b, "forgets to halve")
                .slip_whole(a + b, "adds base and height")
                .slip_whole(2 * (a + b), "computes a perimeter")
        }
    }
}

/// Of a box or a cube.
pub fn volume(work: &mut Work, level: Level) -> Problem {
    let most = level.side().min(20);
    let (a, b, c) = (work.range(2, most), work.range(2, most), work.range(2, most));
    if work.coin() {
        let thing = format!("the volume of a box of {a} cm by {b} cm by {c} cm");
        let working = format!("{a} cm × {b} cm × {c} cm = {} cm² × {c} cm = {} cm³.", a * b, a * b * c);
        Problem::about(&thing, whole(a * b * c), CM3, working)
            .slip_whole(2 * (a * b + b * c + a * c), "computes the surface")
            .slip_whole(a * b, "computes the base alone")
            .slip_whole(a + b + c, "adds the edges")
    } else {
        let thing = format!("the volume of a cube with edges of {a} cm");
        let working = format!("{a} cm × {a} cm × {a} cm = {} cm³.", a * a * a);
        Problem::about(&thing, whole(a * a * a), CM3, working)
            .slip_whole(6 * a * a, "computes the surface")
            .slip_whole(a * a, "computes one face alone")
            .slip_whole(3 * a, "multiplies by 3 instead of taking the third power")
    }
}

/// A missing angle: at a line, in a triangle, around a point, in a quadrilateral.
pub fn angles(work: &mut Work, level: Level) -> Problem {
    let step = if level.hardness() == 0 { 10 } else { 1 };
    let mut angle = |least: i64, most: i64| work.range(least / step, most / step) * step;
    let (a, b, c) = (angle(20, 80), angle(30, 90), angle(50, 120));
    match work.below(4) {
        0 => missing(&[a], 180, "the angle that makes a straight line", "A straight line has 180°"),
        1 => {
            missing(&[a, b], 180, "the third angle of a triangle", "The angles of a triangle sum up to 180°")
        }
        2 => missing(&[a, b, c], 360, "the last angle around a point", "Around a point there are 360°"),
        _ => missing(
            &[a, b, c],
            360,
            "the fourth angle of a quadrilateral",
            "The angles of a quadrilateral sum up to 360°",
        ),
    }
}

fn missing(known: &[i64], all: i64, name: &str, rule: &str) -> Problem {
    let sum: i64 = known.iter().sum();
    let list: Vec<String> = known.iter().map(|angle| format!("{angle}°")).collect();
    let thing = format!("{name} with {}", list.join(", "));
    let working = format!("{rule}: {all}° − {} = {}°.", list.join(" − "), all - sum);
    Problem::about(&thing, whole(all - sum), DEGREES, working)
        .slip_whole(sum, "gives the sum of the known angles")
        .slip_whole(540 - all - sum, "takes 180° for 360° or 360° for 180°")
        .slip_whole(all - known.first().copied().unwrap_or(0), "subtracts one angle alone")
        .slip_whole(all - sum + 10, "makes a slip when subtracting")
}

/// The missing side of a right triangle.
pub fn pythagoras(work: &mut Work, level: Level) -> Problem {
    let known = if level.hardness() == 0 { 2 } else { TRIPLES.len() };
    let (a, b, c) = TRIPLES.get(work.below(known)).copied().unwrap_or((3, 4, 5));
    let by = work.range(1, 3 + level.hardness() + level.wider);
    let (a, b, c) = if work.coin() { (a * by, b * by, c * by) } else { (b * by, a * by, c * by) };
    if work.coin() {
        let thing = format!("the hypotenuse of a right triangle with legs of {a} cm and {b} cm");
        let working = format!("c² = {a}² + {b}² = {} + {} = {}, so c = {c} cm.", a * a, b * b, c * c);
        Problem::about(&thing, whole(c), CM, working)
            .slip_whole(a + b, "adds the legs")
            .slip_whole(c * c, "forgets the square root")
            .slip_whole((a - b).abs(), "subtracts the legs")
    } else {
        let thing =
            format!("the second leg of a right triangle with a leg of {a} cm and a hypotenuse of {c} cm");
        let working = format!("b² = {c}² − {a}² = {} − {} = {}, so b = {b} cm.", c * c, a * a, b * b);
        Problem::about(&thing, whole(b), CM, working)
            .slip_whole(c - a, "subtracts the sides")
            .slip_whole(b * b, "forgets the square root")
            .slip_whole(c + a, "adds the sides")
    }
}
