// What there is to hear with and to be heard through.

import type { App } from "../mirror/app.svelte";
import type { Loudness } from "../mirror/live";
import type { Devices as List, Side } from "../bridge/types";
import { t } from "../strings/strings.svelte";

export class Devices {
  list: List | undefined = $state();

  constructor(private readonly app: App) {}

  async load(): Promise<void> {
    this.list = await this.app.try(this.app.bridge.devices());
  }

  async choose(side: Side, id: string | null): Promise<void> {
    this.app.changed(await this.app.try(this.app.bridge.chooseDevice(side, id)), t(`devices.${side}`));
    await this.load();
  }
}

/** The loudness of a microphone under test. */
export class TestedLevel implements Loudness {
  level = 0;
  readonly #seers = new Set<() => void>();

  watch(see: () => void): () => void {
    this.#seers.add(see);
    return () => this.#seers.delete(see);
  }

  put(level: number): void {
    this.level = level;
    for (const see of this.#seers) see();
  }
}
