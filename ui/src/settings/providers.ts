// What keys are called that belong to no provider of the catalogue; the others' names come from there.

const NAMES: Partial<Record<string, string>> = {
  ingest: "Ingest",
  livekit: "LiveKit",
  "livekit-secret": "LiveKit (secret)",
};

export function providerName(id: string): string {
  return NAMES[id] ?? id;
}
