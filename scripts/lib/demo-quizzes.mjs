/** The two quizzes of the demo class. The first has every type of question; the second is longer, for practice. */

const choice = (prompt, right, wrong, points = 10) => ({
  type: "multiple_choice",
  prompt,
  points,
  options: [{ text: right, correct: true }, ...wrong.map((text) => ({ text }))],
});

const fractions = {
  title: "Fractions 1",
  subject: "Mathematics",
  grade_level: 5,
  questions: [
    {
      ...choice("1/2 + 1/4 = ?", "3/4", ["2/6", "1/6", "2/4"]),
      explanation: "Two quarters and one quarter are three quarters.",
    },
    {
      type: "multiple_response",
      prompt: "Which of these are the same as one half?",
      points: 10,
      options: [{ text: "2/4", correct: true }, { text: "5/10", correct: true }, { text: "2/3" }, { text: "3/5" }],
    },
    { type: "true_false", prompt: "0.5 is the same as 1/2.", points: 5, correct: true },
    { type: "numeric", prompt: "Write 3/4 as a decimal number.", points: 10, value: 0.75, tolerance: 0.001 },
    {
      type: "short_answer",
      prompt: "What is the number below the line of a fraction called?",
      points: 10,
      accept: ["denominator", "the denominator"],
    },
    {
      type: "ordering",
      prompt: "Put these in order, the smallest first.",
      points: 15,
      items: ["1/4", "1/3", "1/2", "2/3"],
    },
    {
      type: "matching",
      prompt: "Match each fraction with its percentage.",
      points: 15,
      pairs: [
        { left: "1/2", right: "50 %" },
        { left: "1/4", right: "25 %" },
        { left: "1/5", right: "20 %" },
        { left: "1/10", right: "10 %" },
      ],
    },
  ],
};

const waterCycle = {
  title: "The water cycle",
  subject: "Science",
  grade_level: 5,
  questions: [
    choice("What turns liquid water into water vapour?", "Evaporation", ["Condensation", "Precipitation", "Freezing"]),
    choice("Clouds form when water vapour …", "condenses", ["evaporates", "melts", "boils"]),
    {
      type: "multiple_response",
      prompt: "Which of these are precipitation?",
      points: 10,
      options: [
        { text: "Rain", correct: true },
        { text: "Snow", correct: true },
        { text: "Hail", correct: true },
        { text: "Steam" },
      ],
    },
    { type: "true_false", prompt: "Most of the water on Earth is fresh water.", points: 5, correct: false },
    { type: "numeric", prompt: "At how many degrees Celsius does ice melt?", points: 10, value: 0, tolerance: 0.5 },
    {
      type: "short_answer",
      prompt: "What do we call water that flows below the ground?",
      points: 10,
      accept: ["groundwater", "ground water"],
    },
    {
      type: "ordering",
      prompt: "Follow a drop of water from the sea, in order.",
      points: 15,
      items: ["It evaporates", "It condenses into a cloud", "It falls as rain", "It runs down a river"],
    },
    {
      type: "matching",
      prompt: "Match the state of water with an example.",
      points: 15,
      pairs: [
        { left: "Solid", right: "Ice" },
        { left: "Liquid", right: "Rain" },
        { left: "Gas", right: "Vapour" },
      ],
    },
  ],
};

/** Both, in the order in which they are made. */
export const quizzes = [fractions, waterCycle];
