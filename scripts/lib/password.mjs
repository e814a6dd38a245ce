/** Passwords for local demo accounts that a person can read off one screen and type into another. */
import { randomInt } from "node:crypto";

const words = `amber anchor apple arrow badge beacon birch bison breeze bridge bronze cactus candle canyon cedar cherry
cloud clover cobalt comet copper coral cotton crater cricket dahlia desert dolphin dragon ember falcon feather fern
forest fossil galaxy garden ginger glacier granite harbor hazel heron honey island ivory jasmine jungle kettle lagoon
lantern lemon lilac lotus lunar magnet mango maple marble meadow meteor mirror mosaic nectar ocean olive onyx orbit
orchid otter paper pebble pepper pine planet plum pocket prairie puzzle quartz quiver rabbit raven ribbon river rocket
saffron sailor salmon satin shadow silver sparrow spruce summit sunset thistle thunder tiger timber topaz tulip tundra
turtle valley velvet violet walnut willow winter yarrow zephyr`.split(/\s+/);

/** Four words and a number, from about 2^33 such passwords: for accounts on this machine. */
export function password() {
  const picked = Array.from({ length: 4 }, () => words[randomInt(words.length)]);
  return `${picked.join("-")}-${randomInt(10, 100)}`;
}
