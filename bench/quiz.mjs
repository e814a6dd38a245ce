/** The quiz of the bench: 100 questions of all seven types. */

const makers = [
  (n) => ({
    type: "multiple_choice",
    prompt: `${n} + ${n} = ?`,
    points: 10,
    options: [{ text: String(2 * n), correct: true }, { text: String(2 * n + 1) }, { text: String(3 * n + 2) }],
  }),
  (n) => ({
    type: "multiple_response",
    prompt: `Which are more than ${n}?`,
    points: 10,
    options: [{ text: String(n + 1), correct: true }, { text: String(n + 2), correct: true }, { text: String(n - 1) }],
  }),
  (n) => ({ type: "true_false", prompt: `${n} is even.`, points: 5, correct: n % 2 === 0 }),
  (n) => ({ type: "numeric", prompt: `A quarter of ${n}?`, points: 10, value: n / 4, tolerance: 0.01 }),
  (n) => ({
    type: "short_answer",
    prompt: `Write ${n} with a unit of length.`,
    points: 10,
    accept: [`${n} m`, `${n} metres`],
  }),
  (n) => ({
    type: "ordering",
    prompt: `Smallest first (${n})`,
    points: 15,
    items: [n, n + 1, n + 2, n + 3].map(String),
  }),
  (n) => ({
    type: "matching",
    prompt: `Match the doubles (${n})`,
    points: 15,
    pairs: [n, n + 1, n + 2].map((value) => ({ left: String(value), right: String(2 * value) })),
  }),
];

/** As an author sends it. */
export const quiz = {
  title: "Bench",
  subject: "Mathematics",
  grade_level: 5,
  questions: Array.from({ length: 100 }, (_, n) => makers[n % makers.length](n + 1)),
};

/** The quiz as an author gets it back: with an id on every question and part. For the peers, which have no authors. */
export function withIds({ questions, ...rest }) {
  let next = 0;
  const id = (prefix) => `${prefix}_${String((next += 1)).padStart(26, "0")}`;
  const named = (prefix, part) =>
    typeof part === "string" ? { id: id(prefix), text: part } : { id: id(prefix), correct: false, ...part };
  const give = (question) => ({
    ...question,
    id: id("q"),
    ...(question.options && { options: question.options.map((option) => named("opt", option)) }),
    ...(question.items && { items: question.items.map((item) => named("itm", item)) }),
    ...(question.pairs && {
      pairs: question.pairs.map(({ left, right }) => ({ left: named("lft", left), right: named("rgt", right) })),
    }),
  });
  return { ...rest, questions: questions.map(give) };
}
