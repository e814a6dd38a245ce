/** The live board of `npm run demo`: redrawn in place on a terminal, a line now and then elsewhere. */

const WIDTH = 72;
const ROWS = 10;

const bar = (share, width) => "█".repeat(Math.round(share * width)).padEnd(width, "░");
const cut = (text, width) => (text.length > width ? `${text.slice(0, width - 1)}…` : text.padEnd(width));

/** The board as lines of text. */
export function lines({ title, joined, students, answered, expected, correct, outages, items }) {
  const share = expected ? Math.min(1, answered / expected) : 0;
  const right = answered ? `${Math.round((correct / answered) * 100)} % right` : "";
  const most = Math.max(1, ...items.map(({ xp }) => xp));
  return [
    "─".repeat(WIDTH),
    `${cut(title, 40)} ${`${joined} of ${students} pupils joined`.padStart(31)}`,
    `${bar(share, 40)}  ${answered} of ${expected} answers  ${right}${outages ? `  ${outages} outages` : ""}`,
    "",
    ...items
      .slice(0, ROWS)
      .map(
        ({ rank, display_name, xp, level }) =>
          `${String(rank).padStart(3)}  ${cut(display_name, 24)} ${bar(xp / most, 20)} ${String(xp).padStart(5)} XP  level ${level}`,
      ),
    "─".repeat(WIDTH),
  ];
}

/** Draws boards one over the other; without a terminal, one line every few seconds. */
export class Board {
  #drawn = 0;
  #last = 0;

  draw(view) {
    if (process.stdout.isTTY) {
      const text = lines(view);
      const up = this.#drawn ? `\x1b[${this.#drawn}A` : "";
      process.stdout.write(`${up}${text.map((line) => `\x1b[K${line}\n`).join("")}\x1b[J`);
      this.#drawn = text.length;
    } else if (Date.now() - this.#last >= 3000) {
      this.#last = Date.now();
      const [first] = view.items;
      const leader = first ? `; ${first.display_name} leads with ${first.xp} XP` : "";
      console.log(`  ${view.joined} pupils, ${view.answered} of ${view.expected} answers${leader}`);
    }
  }

  /** What comes next stands below the board. */
  release() {
    this.#drawn = 0;
  }
}
