/** What a pupil who knows, and one who does not, answers to a question as its author sees it. */

const ids = (parts) => parts.map(({ id }) => id);

/** A right and a wrong response to a question with ids and key. */
export function responses(question) {
  const { options, items, pairs } = question;
  switch (question.type) {
    case "multiple_choice":
      return { right: options.find(({ correct }) => correct).id, wrong: options.find(({ correct }) => !correct).id };
    case "multiple_response":
      return { right: ids(options.filter(({ correct }) => correct)), wrong: ids(options) };
    case "true_false":
      return { right: question.correct, wrong: !question.correct };
    case "numeric":
      return { right: question.value, wrong: question.value + 1 };
    case "short_answer":
      return { right: ` ${question.accept[0].toUpperCase()}`, wrong: "a mile" };
    case "ordering":
      return { right: ids(items), wrong: ids(items).reverse() };
    case "matching": {
      const right = pairs.map((pair) => [pair.left.id, pair.right.id]);
      const wrong = right.map(([left], at) => [left, right[(at + 1) % right.length][1]]);
      return { right, wrong };
    }
    default:
      throw new Error(`a question of type ${question.type}`);
  }
}
