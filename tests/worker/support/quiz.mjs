/**
 * The quiz of these tests: all seven types, with keys that no other text contains, so that any answer of the Worker that
 * holds one is found by looking for it.
 */

const KEYS = {
  short: "Zanzibarium7731",
  variant: "Zanzibarite7732",
  explanation: "Because-of-Qoppa-7733",
  number: 48151.6234,
};

/** As the teacher writes it. */
export const quiz = {
  title: "All seven types",
  subject: "Testing",
  grade_level: 7,
  questions: [
    {
      type: "multiple_choice",
      prompt: "Pick the first",
      points: 10,
      options: [{ text: "first", correct: true }, { text: "second" }, { text: "third" }],
      explanation: KEYS.explanation,
    },
    {
      type: "multiple_response",
      prompt: "Pick the even ones",
      points: 10,
      options: [{ text: "2", correct: true }, { text: "3" }, { text: "4", correct: true }],
    },
    { type: "true_false", prompt: "Is it so?", points: 5, correct: true },
    { type: "numeric", prompt: "The number?", points: 10, value: KEYS.number, tolerance: 0.005 },
    { type: "short_answer", prompt: "The word?", points: 10, accept: [KEYS.short, KEYS.variant] },
    { type: "ordering", prompt: "In order", points: 15, items: ["one", "two", "three", "four"] },
    {
      type: "matching",
      prompt: "What belongs together",
      points: 15,
      pairs: [
        { left: "cat", right: "meow" },
        { left: "dog", right: "bark" },
        { left: "cow", right: "moo" },
      ],
    },
  ],
};

/** The points of a pupil who knows everything. */
export const fullMarks = quiz.questions.reduce((sum, { points }) => sum + points, 0);

/** Where a key shows in a text that is no author's view, or null. */
export function keyIn(text) {
  const secret = Object.values(KEYS)
    .map(String)
    .find((key) => text.toLowerCase().includes(key.toLowerCase()));
  if (secret) return `the text ${secret}`;
  let json;
  try {
    json = JSON.parse(text);
  } catch {
    return null;
  }
  return keyField(json, "");
}

/** The fields that only a key has, on a question (`q_…`) or a part of one. */
const keyFields = {
  q: ["correct", "value", "tolerance", "accept", "pairs", "explanation"],
  opt: ["correct"],
  itm: ["place", "position"],
  lft: ["right"],
  rgt: ["left"],
};

function keyField(value, at) {
  if (Array.isArray(value)) return value.map((item, index) => keyField(item, `${at}/${index}`)).find(Boolean) ?? null;
  if (value === null || typeof value !== "object") {
    // Events and messages may carry JSON as text.
    return typeof value === "string" && /^[[{]/.test(value) ? keyIn(value) : null;
  }
  const kind = typeof value.id === "string" ? value.id.split("_")[0] : "";
  const found = (keyFields[kind] ?? []).find((field) => field in value);
  if (found) return `${at}/${found}`;
  return (
    Object.entries(value)
      .map(([name, inner]) => keyField(inner, `${at}/${name}`))
      .find(Boolean) ?? null
  );
}
