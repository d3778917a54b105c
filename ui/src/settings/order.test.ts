import { describe, expect, it } from "vitest";

import { moved, without } from "./order";

const ORDER = ["deepgram", "elevenlabs", "openai", "on-device"];

describe("an order", () => {
  it("moves a provider up and down, and this machine stays last", () => {
    expect(moved(ORDER, "openai", 0)).toEqual(["openai", "deepgram", "elevenlabs", "on-device"]);
    expect(moved(ORDER, "deepgram", 1)).toEqual(["elevenlabs", "deepgram", "openai", "on-device"]);
    expect(moved(ORDER, "deepgram", 99)).toEqual(["elevenlabs", "openai", "deepgram", "on-device"]);
    expect(moved(ORDER, "elevenlabs", -1)).toEqual(["elevenlabs", "deepgram", "openai", "on-device"]);
  });

  it("takes one in and leaves one out", () => {
    expect(moved(["on-device"], "groq", 0)).toEqual(["groq", "on-device"]);
    expect(without(ORDER, "elevenlabs")).toEqual(["deepgram", "openai", "on-device"]);
    expect(without(["on-device"], "elevenlabs")).toEqual(["on-device"]);
  });
});
