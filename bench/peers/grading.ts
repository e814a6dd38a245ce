/** The author's quiz, and whether a response to one of its questions is right: the same rules as our Worker's. */

type Part = { id: string; text: string };

/** A question with its key. */
export type Question = { id: string; points: number } & (
  | { type: "multiple_choice" | "multiple_response"; options: (Part & { correct: boolean })[] }
  | { type: "true_false"; correct: boolean }
  | { type: "numeric"; value: number; tolerance: number }
  | { type: "short_answer"; accept: string[] }
  | { type: "ordering"; items: Part[] }
  | { type: "matching"; pairs: { left: Part; right: Part }[] }
);

const normalise = (text: string) => text.normalize("NFKC").toLowerCase().trim().split(/\s+/u).join(" ");

const isIds = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((id) => typeof id === "string") && new Set(value).size === value.length;

const isPairs = (value: unknown): value is [string, string][] =>
  Array.isArray(value) &&
  value.every((pair) => Array.isArray(pair) && pair.length === 2 && pair.every((id) => typeof id === "string"));

const knows = (parts: Part[], ids: string[]) => ids.every((id) => parts.some((part) => part.id === id));

/** Right, wrong, or null when it cannot be an answer to this question. */
export function grade(question: Question, response: unknown): boolean | null {
  switch (question.type) {
    case "multiple_choice":
      return question.options.find(({ id }) => id === response)?.correct ?? null;
    case "multiple_response":
      if (!isIds(response) || !knows(question.options, response)) return null;
      return question.options.every(({ id, correct }) => response.includes(id) === correct);
    case "true_false":
      return typeof response === "boolean" ? response === question.correct : null;
    case "numeric":
      if (typeof response !== "number") return null;
      return Math.abs(response - question.value) <= question.tolerance + Number.EPSILON * 4;
    case "short_answer": {
      if (typeof response !== "string") return null;
      const answer = normalise(response);
      return question.accept.some((variant) => normalise(variant) === answer);
    }
    case "ordering":
      if (!isIds(response) || response.length !== question.items.length || !knows(question.items, response))
        return null;
      return question.items.every(({ id }, place) => response[place] === id);
    case "matching": {
      if (!isPairs(response)) return null;
      const lefts = response.map(([left]) => left);
      const rights = response.map(([, right]) => right);
      if (!isIds(lefts)) return null;
      if (
        !knows(
          question.pairs.map(({ left }) => left),
          lefts,
        )
      )
        return null;
      if (
        !knows(
          question.pairs.map(({ right }) => right),
          rights,
        )
      )
        return null;
      return question.pairs.every(({ left, right }) => response.some(([l, r]) => l === left.id && r === right.id));
    }
  }
}

/** `floor(sqrt(xp / 100)) + 1`. */
export const level = (xp: number) => Math.floor(Math.sqrt(xp / 100)) + 1;
