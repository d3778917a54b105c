// How providers write their own names.

const NAMES: Partial<Record<string, string>> = {
  cartesia: "Cartesia",
  deepgram: "Deepgram",
  elevenlabs: "ElevenLabs",
  groq: "Groq",
  ingest: "Ingest",
  livekit: "LiveKit",
  "livekit-secret": "LiveKit (secret)",
  minimax: "MiniMax",
  openai: "OpenAI",
  openrouter: "OpenRouter",
  xai: "xAI",
};

export function providerName(id: string): string {
  return NAMES[id] ?? id;
}
