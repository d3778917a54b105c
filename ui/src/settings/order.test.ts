import { describe, expect, it } from "vitest";

import { joined, moved } from "./order";

const ORDER = ["deepgram", "elevenlabs", "openai", "on-device"];

describe("an order", () => {
  it("moves a provider up and down, this machine too", () => {
    expect(moved(ORDER, "openai", 0)).toEqual(["openai", "deepgram", "elevenlabs", "on-device"]);
    expect(moved(ORDER, "deepgram", 1)).toEqual(["elevenlabs", "deepgram", "openai", "on-device"]);
    expect(moved(ORDER, "deepgram", 99)).toEqual(["elevenlabs", "openai", "on-device", "deepgram"]);
    expect(moved(ORDER, "elevenlabs", -1)).toEqual(["elevenlabs", "deepgram", "openai", "on-device"]);
    expect(moved(ORDER, "on-device", 0)).toEqual(["on-device", "deepgram", "elevenlabs", "openai"]);
  });

  it("takes one in before this machine where that stands last, else at the end", () => {
    expect(joined(["on-device"], "groq")).toEqual(["groq", "on-device"]);
    expect(joined(["openai", "on-device"], "groq")).toEqual(["openai", "groq", "on-device"]);
    expect(joined(["on-device", "openai"], "groq")).toEqual(["on-device", "openai", "groq"]);
  });
});
