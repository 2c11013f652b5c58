import { describe, expect, it } from "vitest";
import { grouped, megabytes, readableLabel, scaled, shape } from "./format";

describe("what the page writes of", () => {
  it.each([
    ["labels", readableLabel("Old_English_sheepdog"), "Old English sheepdog"],
    ["labels of strange files", readableLabel("cat\u202e\nfish"), "cat\ufffd fish"],
    ["bytes", megabytes(51_473_024), "51.5"],
    ["no bytes", megabytes(0), "0.0"],
    ["a small count", grouped(128), "128"],
    ["a thousand", grouped(1000), "1\u202f000"],
    ["parameters", grouped(25_557_032), "25\u202f557\u202f032"],
    ["few multiply-adds", scaled(999), "999"],
    ["thousands of them", scaled(20_480), "20.5\u202fk"],
    ["millions", scaled(118_013_952), "118\u202fM"],
    ["billions", scaled(3_857_973_248), "3.86\u202fG"],
    ["a shape", shape([1, 64, 7, 7]), "1\u2009×\u200964\u2009×\u20097\u2009×\u20097"],
  ])("%s", (_, found, expected) => {
    expect(found).toBe(expected);
  });
});
