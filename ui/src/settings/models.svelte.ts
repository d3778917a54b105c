// The models that can run here, and how far those are that are on their way.

import { onDestroy } from "svelte";

import type { Model } from "../bridge/types";
import type { App } from "../mirror/app.svelte";

export class Models {
  list: Model[] = $state([]);
  /** Whether they were asked for. */
  #wanted = false;

  /** For as long as the component is there that makes it. */
  constructor(private readonly app: App) {
    const { bridge } = app;
    const again = (): void => {
      if (this.#wanted) void this.load();
    };
    onDestroy(
      bridge.on("modelProgress", (progress) => {
        const model = this.list.find((model) => model.id === progress.model);
        if (model) model.download = progress;
      }),
    );
    onDestroy(bridge.on("modelEnded", again));
    onDestroy(bridge.on("settings", again));
  }

  async load(): Promise<void> {
    this.#wanted = true;
    this.list = (await this.app.try(this.app.bridge.models())) ?? this.list;
  }
}
